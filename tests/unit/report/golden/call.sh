export SCORING_TOKEN="$(deployer keys --print token --env dev)"
curl --fail-with-body --silent --show-error https://digits.example/score \
  --header "Authorization: Bearer $SCORING_TOKEN" \
  --header 'Content-Type: application/json' \
  --data-binary '{"it'"'"'s": 1}'
