curl -sS -H "X-API-Key: $KEYFOB_KEY" "$API/api-keys/$OLD"
curl -sS -H "X-API-Key: $KEYFOB_KEY" "$API/api-keys/$OLD/usage"
