curl -sS -H "Authorization: Bearer $KEYFOB_KEY" "$API/api-keys/current"
