export SCORING_TOKEN="$(deployer keys --print token --env dev)"
printf '{"data": "%s"}' "$(base64 < 'data/a seven.png' | tr -d '\n')" |
curl --fail-with-body --silent --show-error https://digits.example/score \
  --cacert .deployer/ca.pem \
  --header "Authorization: Bearer $SCORING_TOKEN" \
  --header 'Content-Type: application/json' \
  --header 'azureml-model-deployment: blue' \
  --data-binary @-
