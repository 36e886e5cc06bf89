// A partner's program, which registers a visitor and finds him again in the list.
import assert from "node:assert/strict";
import { clientWith, codeOf, done } from "./client.ts";
import type { components } from "./schema.ts";

type Visitor = components["schemas"]["Visitor"];

const desk = clientWith(process.env["DESK_KEY"]!);
const draft: components["schemas"]["VisitorCreate"] = {
  siteId: "site_HamburgOffice000000001",
  name: "Alan Turing",
  expectedAt: "2030-03-02T10:00:00+01:00",
};

const once = { header: { "Idempotency-Key": "ts-visit" } };
const visitor = done(await desk.POST("/v1/visitors", { params: once, body: draft }));
const again = done(await desk.POST("/v1/visitors", { params: once, body: draft }));
assert.equal(again.id, visitor.id);
assert.equal(visitor.expectedAt, "2030-03-02T09:00:00.000Z");

const params = { path: { visitorId: visitor.id } };
assert.ok(done(await desk.POST("/v1/visitors/{visitorId}/check-in", { params })).checkedInAt);
const left = done(await desk.POST("/v1/visitors/{visitorId}/check-out", { params }));
assert.equal(left.status, "checkedOut");
const conflict = await desk.POST("/v1/visitors/{visitorId}/check-in", { params });
assert.equal(codeOf(conflict), "STATE_CONFLICT");
assert.equal(conflict.error?.error.details.status, "checkedOut");

const seen: Visitor[] = [];
let cursor: string | null | undefined;
do {
  const query = cursor ? { limit: 10, cursor } : { limit: 10 };
  const page = done(await desk.GET("/v1/visitors", { params: { query } }));
  seen.push(...page.data);
  cursor = page.nextCursor;
} while (cursor);
assert.equal(seen.filter((each) => each.id === visitor.id).length, 1);
console.log(visitor.id);
