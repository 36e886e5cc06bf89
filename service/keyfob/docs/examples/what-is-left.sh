curl -sS -o /dev/null -D - -H "X-API-Key: $KEYFOB_KEY" "$API/api-keys/current" | grep -i ^ratelimit
