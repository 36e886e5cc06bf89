// What both programs share: a client that sends its key, and answers what must have succeeded.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.ts";

export type Failure = components["schemas"]["Error"];
export type ErrorCode = components["schemas"]["ErrorCode"];

const baseUrl = process.env["MOCK_URL"];

export function clientWith(key: string) {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
}

export function done<T>(result: { data?: T; error?: Failure }): T {
  if (result.data === undefined) throw new Error(result.error?.error.message);
  return result.data;
}

export function codeOf(result: { error?: Failure }): ErrorCode | undefined {
  return result.error?.error.code;
}
