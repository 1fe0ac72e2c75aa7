import { Link } from "@tanstack/react-router";
import { subjectParam } from "../account";

/** Whose an account is, and the way to the numbers of all accounts of that subject. */
export function SubjectLink({ subject }: { subject: string }) {
  return (
    <Link to="/subjects/$subject" params={{ subject: subjectParam(subject) }} className="break">
      {subject || "the workspace"}
    </Link>
  );
}
