curl -sS -X POST -H "X-API-Key: $KEYFOB_KEY" "$API/api-keys/$OLD/reactivate"
