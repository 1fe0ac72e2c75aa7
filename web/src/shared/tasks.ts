import type { Task } from "./api/connections";
import { useListing } from "./listing";

/** What waits for a person, asked for once however many places show it. */
export const useOpenTasks = () => useListing<Task>("/tasks", { status: "open" });
