curl -sS -H "X-API-Key: $KEYFOB_KEY" "$API/visitors" \
  -H 'Content-Type: application/json' -H 'Idempotency-Key: ada-first-visit' \
  -d '{"siteId": "site_…", "name": "Ada King", "expectedAt": "2030-03-02T09:00:00Z"}'
