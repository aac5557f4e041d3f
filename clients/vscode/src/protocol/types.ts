/** The types of the wire that are used here, by the names they have there. */
import type { ThreadItem } from "./wire/v2/ThreadItem";

export type { CommandExecutionRequestApprovalParams } from "./wire/v2/CommandExecutionRequestApprovalParams";
export type { FileChangeRequestApprovalParams } from "./wire/v2/FileChangeRequestApprovalParams";
export type { AskForApproval } from "./wire/v2/AskForApproval";
export type { FileUpdateChange } from "./wire/v2/FileUpdateChange";
export type { Model } from "./wire/v2/Model";
export type { Thread } from "./wire/v2/Thread";
export type { ThreadGrant } from "./wire/v2/ThreadGrant";
export type { ThreadTokenUsage } from "./wire/v2/ThreadTokenUsage";
export type { ToolRequestUserInputParams } from "./wire/v2/ToolRequestUserInputParams";
export type { ToolRequestUserInputResponse } from "./wire/v2/ToolRequestUserInputResponse";
export type { Turn } from "./wire/v2/Turn";
export type { TurnError } from "./wire/v2/TurnError";
export type { TurnPlanStep } from "./wire/v2/TurnPlanStep";
export type { UserInput } from "./wire/v2/UserInput";
export type { ReasoningEffort } from "./wire/ReasoningEffort";
export type { ThreadItem };

export type ItemOf<Type extends ThreadItem["type"]> = Extract<ThreadItem, { type: Type }>;
