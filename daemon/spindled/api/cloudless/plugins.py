"""Apps, marketplaces and plugins that a client names: there are none, and each is told so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from spindled.agent.settings import either, given
from spindled.api.cloudless import cloudless
from spindled.api.errors import handler
from spindled.api.threads.ids import thread_id
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import AppsReadResponse, MarketplaceUpgradeResponse, PluginUninstallResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import (
        AppsReadParams,
        MarketplaceUpgradeParams,
        PluginInstallParams,
        PluginReadParams,
        PluginUninstallParams,
    )


@handler
def app_read(session: Session, params: AppsReadParams) -> AppsReadResponse:
    if wanted := either(params.threadId, None):
        session.application.threads.get(thread_id(wanted))
    return AppsReadResponse(apps=[], missingAppIds=params.appIds)


@handler
def marketplace_upgrade(session: Session, params: MarketplaceUpgradeParams) -> MarketplaceUpgradeResponse:
    if name := either(params.marketplaceName, None):
        raise RpcError(INVALID_REQUEST, f"marketplace `{name[:100]}` is not configured as a Git marketplace")
    return MarketplaceUpgradeResponse(selectedMarketplaces=[], upgradedRoots=[], errors=[])


@handler
def plugin_install(session: Session, params: PluginInstallParams) -> None:
    check_local("plugin/install", params)
    raise session.refusal(cloudless.catalog("read remote plugin details before install"), params)


@handler
def plugin_read(session: Session, params: PluginReadParams) -> None:
    check_local("plugin/read", params)
    raise session.refusal(cloudless.catalog("read remote plugin details"), params)


@handler
def plugin_uninstall(session: Session, params: PluginUninstallParams) -> PluginUninstallResponse:
    """A plugin of a marketplace is not installed, so nothing is left to do; an id alone is of the vendor's catalog."""
    if "@" not in params.pluginId:
        raise session.refusal(cloudless.catalog("resolve remote plugin before uninstall"), params)
    return PluginUninstallResponse()


def check_local(method: str, params: PluginInstallParams | PluginReadParams) -> None:
    """Raises RpcError unless the plugin is one of the vendor's catalog."""
    path = either(params.marketplacePath, None)
    if (path is None) is not given(params.remoteMarketplaceName):
        raise RpcError(INVALID_REQUEST, f"{method} requires exactly one of marketplacePath or remoteMarketplaceName")
    if path is not None:
        problem = "holds plugins, which are not supported" if os.path.exists(path) else "does not exist"
        raise RpcError(INVALID_REQUEST, f"marketplace file `{path[:200]}` {problem}")
