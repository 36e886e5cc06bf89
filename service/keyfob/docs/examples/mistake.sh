curl -sS -i -H "X-API-Key: $KEYFOB_KEY" "$API/visitors?limit=1000&colour=blue"
