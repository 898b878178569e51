"""Random values in the published formats of keys of clouds, hubs, databases and services: none was ever valid."""

from __future__ import annotations

import base64
import random
import re
import string
from collections.abc import Mapping

FORMATS: Mapping[str, str] = {
    "Azure storage key": "{b64:64}",
    "Azure storage connection string": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={b64:64}",
    "Azure shared access signature": "https://abc.blob.core.windows.net/c?sv=2024-11-04&sr=c&sp=r&sig={b64:32}",
    "Azure Service Bus": "Endpoint=sb://abc.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={b64:32}",
    "Azure IoT Hub": "HostName=abc.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey={b64:32}",
    "Azure Cosmos DB key": "{b64:64}",
    "Azure Cosmos DB connection string": "AccountEndpoint=https://abc.documents.azure.com:443/;AccountKey={b64:64};",
    "Azure SQL": "Server=tcp:abc.database.windows.net;Database=d;User ID=u;Password={an:16};Encrypt=True;",
    "Azure OpenAI, long": "{an:84}",
    "Azure AI services": "{hex:32}",
    "Azure AI Search": "{an:42}AzSeC{an:5}",
    "Azure Functions": "{an:43}AzFu{an:8}=",
    "Azure Container Registry": "{an:42}+ACR{an:6}",
    "Azure DevOps, new": "{an:76}AZDO{an:4}",
    "Azure DevOps, old": "{b32:52}",
    "Azure Event Grid": "{b64:32}",
    "Azure Batch": "{an:76}+ABa{an:6}==",
    "Microsoft Entra client secret": "{an:3}8Q~{an:34}",
    "Azure ML endpoint key": "{an:32}",
    "Azure ML endpoint key, long": "{an:76}INFRAML{an:4}",
    "AWS access key": "AKIA{B32:16}",
    "AWS temporary access key": "ASIA{B32:16}",
    "AWS secret access key": "{b64:30}",
    "AWS Bedrock": "ABSK{b64:99}",
    "Google API key": "AIza{url:35}",
    "Google OAuth client": "GOCSPX-{url:28}",
    "Google access token": "ya29.{url:120}",
    "Google service account": '{{"private_key": "-----BEGIN PRIVATE KEY-----\\n{b64:90}\\n"}}',
    "GitHub, classic": "ghp_{an:36}",
    "GitHub, OAuth": "gho_{an:36}",
    "GitHub, app": "ghs_{an:36}",
    "GitHub, fine-grained": "github_pat_{an:22}_{an:59}",
    "GitLab": "glpat-{url:20}",
    "GitLab, runner": "glrt-{url:20}",
    "Bitbucket": "ATBB{an:32}",
    "Hugging Face": "hf_{az:34}",
    "Hugging Face, organisation": "api_org_{az:34}",
    "OpenAI": "sk-{an:48}",
    "OpenAI, project": "sk-proj-{url:80}",
    "Anthropic": "sk-ant-api03-{url:93}AA",
    "Groq": "gsk_{an:52}",
    "Replicate": "r8_{an:37}",
    "Perplexity": "pplx-{an:48}",
    "Cohere": "{an:40}",
    "Pinecone": "pcsk_{an:6}_{an:63}",
    "LangSmith": "lsv2_pt_{hex:32}_{hex:10}",
    "Weights & Biases": "{hex:40}",
    "Databricks": "dapi{hex:32}",
    "Slack, bot": "xoxb-{digits:12}-{digits:13}-{an:24}",
    "Slack, app": "xapp-1-A{B32:10}-{digits:13}-{hex:64}",
    "Slack webhook": "https://hooks.slack.com/services/T{B32:10}/B{B32:10}/{an:24}",
    "Stripe": "sk_live_{an:24}",
    "Stripe, restricted": "rk_live_{an:24}",
    "SendGrid": "SG.{url:22}.{url:43}",
    "Mailgun": "key-{hex:32}",
    "Twilio": "SK{hex:32}",
    "npm": "npm_{an:36}",
    "PyPI": "pypi-AgEIcHlwaS5vcmc{url:150}",
    "Docker Hub": "dckr_pat_{url:27}",
    "HashiCorp Vault": "hvs.{url:90}",
    "Terraform Cloud": "{an:14}.atlasv1.{an:67}",
    "Grafana": "glsa_{an:32}_{hex:8}",
    "New Relic": "NRAK-{B32:27}",
    "DigitalOcean": "dop_v1_{hex:64}",
    "Shopify": "shpat_{hex:32}",
    "Notion": "ntn_{an:46}",
    "Postman": "PMAK-{hex:24}-{hex:34}",
    "Tailscale": "tskey-auth-{an:17}-{an:32}",
    "Telegram bot": "{digits:10}:AA{url:33}",
    "Discord webhook": "https://discord.com/api/webhooks/{digits:19}/{url:68}",
    "Teams webhook": "https://abc.webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/{hex:32}",
    "Sentry, with a secret": "https://{hex:32}:{hex:32}@sentry.example.com/1",
    "PostgreSQL": "postgresql://app:{an:12}@db.example.com:5432/shop",
    "MySQL": "mysql+pymysql://app:{an:12}@db.example.com/shop",
    "MongoDB": "mongodb+srv://app:{an:12}@cluster0.example.mongodb.net/?retryWrites=true",
    "Redis": "rediss://:{an:44}@abc.redis.cache.windows.net:6380/0",
    "Redis, as Azure writes it": "abc.redis.cache.windows.net:6380,password={b64:32},ssl=True,abortConnect=False",
    "RabbitMQ": "amqps://app:{an:12}@mq.example.com/v",
    "ODBC": "Driver={{ODBC Driver 18 for SQL Server}};Server=s;Uid=u;Pwd={an:14};",
    "JSON web token": "eyJ{url:33}.eyJ{url:60}.{url:43}",
    "PEM": "-----BEGIN RSA PRIVATE KEY-----\\n{b64:60}",
    "OpenSSH": "-----BEGIN OPENSSH PRIVATE KEY-----\\n{b64:60}",
    "age": "AGE-SECRET-KEY-1{B32:58}",
}
"""How each one is written; `{an:32}` stands for 32 random letters and digits, and so on."""

ALPHABETS = {
    "an": string.ascii_letters + string.digits,
    "az": string.ascii_letters,
    "url": string.ascii_letters + string.digits + "-_",
    "hex": "0123456789abcdef",
    "digits": string.digits,
    "b32": string.ascii_lowercase + "234567",
    "B32": string.ascii_uppercase + "234567",
}
_PART = re.compile(r"\{(\w+)(?::(\d+))?\}")


def example(form: str, seed: int) -> str:
    """A random value in a format."""
    draw = random.Random(f"{form} {seed}")

    def part(found: re.Match[str]) -> str:
        alphabet, length = found[1], int(found[2] or 0)
        if alphabet == "b64":
            return base64.b64encode(draw.randbytes(length)).decode()
        if alphabet == "uuid":
            return "-".join("".join(draw.choices(ALPHABETS["hex"], k=size)) for size in (8, 4, 4, 4, 12))
        return "".join(draw.choices(ALPHABETS[alphabet], k=length))

    parts = FORMATS[form].split("{{")
    return "{".join(_PART.sub(part, piece.replace("}}", "\0")).replace("\0", "}") for piece in parts)
