import { ApiError, headers } from "./api/client";

/** Hands a file of the server to the person: a plain link could not say which workspace is meant. */
export async function download(address: string, name: string) {
  const answer = await fetch(address, { headers: headers("GET"), cache: "no-store" });
  if (!answer.ok)
    throw new ApiError(answer.status, `http.${answer.status}`, "The file cannot be had", undefined);
  const url = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
