// An administrator's program, which leads a key through its life.
import assert from "node:assert/strict";
import { clientWith, codeOf, done } from "./client.ts";
import type { components } from "./schema.ts";

const admin = clientWith(process.env["ADMIN_KEY"]!);
const draft: components["schemas"]["ApiKeyCreate"] = {
  name: "hr-sync",
  scopes: ["employees:read"],
  siteIds: ["site_HamburgOffice000000001"],
};

const once = { header: { "Idempotency-Key": "ts-hr-sync" } };
const issued = done(await admin.POST("/v1/api-keys", { params: once, body: draft }));
const again = await admin.POST("/v1/api-keys", { params: once, body: draft });
assert.equal(codeOf(again), "IDEMPOTENCY_CONFLICT");
assert.equal(again.error?.error.details.keyId, issued.id);

const own = clientWith(issued.key);
assert.equal(done(await own.GET("/v1/api-keys/current")).name, "hr-sync");
assert.ok(done(await own.GET("/v1/employees", { params: { query: { limit: 1 } } })).data.length);
assert.equal((await own.GET("/v1/visitors")).error?.error.details.required, "visitors:read");

const params = { path: { keyId: issued.id } };
const edited = await admin.PATCH("/v1/api-keys/{keyId}", {
  params: { ...params, header: { "If-Match": '"1"' } },
  body: { description: "nightly", siteIds: ["*"], rateLimit: null },
});
assert.deepEqual(done(edited).siteIds, ["*"]);
assert.equal(edited.response.headers.get("ETag"), '"2"');

const rotated = done(await admin.POST("/v1/api-keys/{keyId}/rotate", { params }));
assert.equal(rotated.secretVersion, 2);
assert.equal(codeOf(await own.GET("/v1/api-keys/current")), "API_KEY_ROTATED");
const question = { body: { key: rotated.key, scope: "employees:read" as const } };
assert.equal(done(await admin.POST("/v1/api-keys/verify", question)).code, "VALID");

const body = { reason: "temporary" as const };
const revoked = done(await admin.POST("/v1/api-keys/{keyId}/revoke", { params, body }));
assert.equal(revoked.revokedReason, "temporary");
assert.equal(done(await admin.POST("/v1/api-keys/verify", question)).code, "API_KEY_REVOKED");
const back = done(await admin.POST("/v1/api-keys/{keyId}/reactivate", { params }));
assert.equal(back.revokedReason, null);
assert.equal(codeOf(await admin.DELETE("/v1/api-keys/{keyId}", { params })), "KEY_IS_ACTIVE");
done(await admin.POST("/v1/api-keys/{keyId}/revoke", { params }));
assert.equal((await admin.DELETE("/v1/api-keys/{keyId}", { params })).response.status, 204);
assert.equal(codeOf(await admin.GET("/v1/api-keys/{keyId}/usage", { params })), "NOT_FOUND");

const query = { keyId: issued.id };
const events = done(await admin.GET("/v1/audit-events", { params: { query } })).data;
assert.equal(events[0]?.action, "apiKey.deleted");
assert.equal(events.at(-1)?.action, "apiKey.created");
console.log(issued.id);
