curl -sS -H "X-API-Key: $KEYFOB_KEY" "$API/sites"
