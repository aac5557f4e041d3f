"""project/*: folders under a name, and the threads that belong to them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from spindled.agent.clock import now_s
from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.reading.slices import after
from spindled.api.shelf.refusals import invalid_params
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_PARAMS, INVALID_REQUEST, RpcError
from spindled.store.errors import ThreadLookupError
from spindled.store.ids import InvalidId, parse_id
from spindled_protocol.types import (
    ProjectChangedNotification,
    ProjectCreateResponse,
    ProjectDeleteResponse,
    ProjectImportResponse,
    ProjectListResponse,
    ProjectMoveResponse,
    ProjectReadResponse,
    ProjectUpdateResponse,
    ThreadProjectUpdatedNotification,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled_protocol.types import (
        Project,
        ProjectChangeType,
        ProjectCreateParams,
        ProjectDeleteParams,
        ProjectImportParams,
        ProjectListParams,
        ProjectMoveParams,
        ProjectReadParams,
        ProjectRoot,
        ProjectUpdateParams,
    )


@handler
def project_list(session: Session, params: ProjectListParams) -> ProjectListResponse:
    key, direction = either(params.sortKey, None), either(params.sortDirection, None)
    if direction is not None and key is None:
        raise RpcError(INVALID_PARAMS, "sortDirection requires sortKey")
    projects = session.application.store.library.projects.all()
    recent = key == "recencyAt"
    if recent:
        projects.sort(key=lambda project: (project.recencyAt or 0, project.id))
    descending = (direction or ("desc" if recent else "asc")) == "desc"
    if descending:
        projects.reverse()
    kind = f"{'recency' if recent else 'position'}:{'desc' if descending else 'asc'}:"
    cursor = either(params.cursor, None)
    if cursor is not None and not cursor.startswith(kind):
        raise RpcError(INVALID_PARAMS, "invalid project cursor: malformed or mismatched sort anchor")
    if cursor is not None:
        names = [project.id for project in projects]
        last = cursor.removeprefix(kind)
        projects = projects[names.index(last) + 1 :] if last in names else []
    page = after(projects, params.limit, None, lambda project: kind + project.id)
    return ProjectListResponse(data=page.items, nextCursor=page.next_cursor)


@handler
def project_read(session: Session, params: ProjectReadParams) -> ProjectReadResponse:
    with invalid_params():
        return ProjectReadResponse(project=session.application.store.library.projects.read(params.projectId))


def check_roots(roots: Sequence[ProjectRoot]) -> None:
    if not all(os.path.isabs(root.path) for root in roots):
        raise RpcError(INVALID_REQUEST, "Invalid request: a project root must be an absolute path")


@handler
def project_create(session: Session, params: ProjectCreateParams) -> Then:
    project, tell = made(session.application, params, [])
    return Then(ProjectCreateResponse(project=project), tell)


@handler
def project_import(session: Session, params: ProjectImportParams) -> Then:
    """A new project with threads that are there already."""
    project, tell = made(session.application, params, either(params.threads, []))
    return Then(ProjectImportResponse(project=project), tell)


def made(
    application: Application, params: ProjectCreateParams | ProjectImportParams, threads: Sequence[str]
) -> tuple[Project, Callable[[], None]]:
    """The project of an idempotency key, new or not, and what tells everybody of it."""
    check_roots(params.roots)
    projects, metadata = application.store.library.projects, either(params.metadata, {})
    with invalid_params():
        known = projects.requested(params.idempotencyKey)
        if known is not None:
            return known, lambda: None
        members = [stored_id(application, thread_id) for thread_id in threads]
        project = projects.create(params.idempotencyKey, params.name, params.roots, metadata, members, now_s())
    return project, lambda: tell(application, project.id, "created", members, project.id)


def stored_id(application: Application, text: str) -> str:
    try:
        wanted = parse_id(text)
        application.store.summary(wanted)
    except (InvalidId, ThreadLookupError) as error:
        raise RpcError(INVALID_PARAMS, f"thread not found: {text}") from error
    return wanted


@handler
def project_update(session: Session, params: ProjectUpdateParams) -> Then:
    """What is absent or null stays."""
    projects = session.application.store.library.projects
    name, roots, metadata = (either(value, None) for value in (params.name, params.roots, params.metadata))
    check_roots(roots or [])
    with invalid_params():
        if name is None and roots is None and metadata is None:
            return Then(ProjectUpdateResponse(project=projects.read(params.projectId)), lambda: None)
        project = projects.update(params.projectId, name, roots, metadata, now_s())
    response = ProjectUpdateResponse(project=project)
    return Then(response, lambda: tell(session.application, project.id, "updated"))


@handler
def project_move(session: Session, params: ProjectMoveParams) -> Then:
    with invalid_params():
        session.application.store.library.projects.move(params.projectId, either(params.beforeProjectId, None), now_s())
    return Then(ProjectMoveResponse(), lambda: tell(session.application, params.projectId, "updated"))


@handler
def project_delete(session: Session, params: ProjectDeleteParams) -> Then:
    """Its threads belong to none then."""
    with invalid_params():
        threads = session.application.store.library.projects.delete(params.projectId)
    return Then(ProjectDeleteResponse(), lambda: tell(session.application, params.projectId, "deleted", threads))


def tell(
    application: Application,
    project_id: str,
    change: ProjectChangeType,
    threads: Sequence[str] = (),
    belong_to: str | None = None,
) -> None:
    """Everybody hears of a project, and where these threads belong now."""
    application.audience.tell("project/changed", ProjectChangedNotification(projectId=project_id, changeType=change))
    for thread_id in threads:
        tell_thread(application, thread_id, belong_to)


def tell_thread(application: Application, thread_id: str, project_id: str | None) -> None:
    notice = ThreadProjectUpdatedNotification(threadId=thread_id, projectId=project_id)
    application.audience.tell("thread/project/updated", notice)
