curl -sS -H "X-API-Key: $KEYFOB_KEY" "$API/api-keys/verify" \
  -H 'Content-Type: application/json' -d "{\"key\": \"$KEYFOB_KEY\", \"scope\": \"visitors:read\"}"
