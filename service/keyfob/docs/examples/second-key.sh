curl -sS -H "X-API-Key: $KEYFOB_KEY" "$API/api-keys" -H 'Content-Type: application/json' \
  -d '{"name": "hr-sync, from May", "scopes": ["employees:read"], "siteIds": ["*"]}'
OLD=key_…  # the id of the old one
