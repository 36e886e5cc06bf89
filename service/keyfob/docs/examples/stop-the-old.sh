curl -sS -X POST -H "X-API-Key: $KEYFOB_KEY" "$API/api-keys/$OLD/revoke" \
  -H 'Content-Type: application/json' -d '{"reason": "temporary"}'
