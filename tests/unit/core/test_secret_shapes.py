"""What is taken for a secret: known forms anywhere, names beside opaque values, and randomness as a guess."""

from __future__ import annotations

import base64
import random
import string

import pytest

from deployer.core.secret_shapes import is_key_file, is_random, looks_secret, secret_shape, shapes_in
from tests.unit.core.published_secrets import FORMATS, example

EVERYDAY = """openai/whisper-large-v3-turbo sentence-transformers/all-MiniLM-L6-v2 microsoft/Phi-3-mini-4k-instruct
tiiuae/falcon-7b-instruct stabilityai/stable-diffusion-2-1 taxi_fare_regression_model_2024_05_01
sklearn_regression_model_v2_final Standard_NC24ads_A100_v4 my-company-ml-workspace-westeurope-001
deepseek-ai/DeepSeek-R1-Distill-Qwen-32B meta-llama/Meta-Llama-3.1-70B-Instruct mistralai/Mixtral-8x7B-Instruct-v0.1
Qwen/Qwen2-VL-72B-Instruct-GPTQ-Int4 TheBloke/Llama-2-13B-chat-GGUF google/gemma-2-27b-it BAAI/bge-large-en-v1.5
intfloat/multilingual-e5-large-instruct nvidia/Llama-3_1-Nemotron-51B-Instruct Standard_ND96amsr_A100_v4
azureml-registry-prod-eastus2-weu01 xgboost_churn_prediction_20240501_v12 model_best_epoch_0123_val_loss_0_045
text-embedding-3-large-2024-01-25 resnet50_imagenet_fp16_onnx_opset17 yolov8x6_640_custom_dataset_best
customer-churn-prod-swedencentral-blue-07 distilbert-base-uncased-finetuned-sst-2-english"""


@pytest.mark.parametrize("value", EVERYDAY.split())
def test_names_of_models_and_machines_are_no_keys(value: str) -> None:
    assert not is_random(value)
    assert not secret_shape("MODEL_NAME", value)
    assert not looks_secret("MODEL_NAME", value)


def test_random_keys_are_noticed() -> None:
    draw = random.Random(7)
    alphabet = string.ascii_letters + string.digits
    keys = ["".join(draw.choices(alphabet, k=32)) for _ in range(500)]
    keys += [base64.urlsafe_b64encode(draw.randbytes(32)).decode().rstrip("=") for _ in range(500)]
    assert sum(map(is_random, keys)) > 980


HASHES = {"Azure AI services", "Weights & Biases"}
"""Hexadecimal numbers, as hashes of commits and files are: only their names tell."""


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - HASHES))
def test_keys_in_the_formats_of_clouds_hubs_and_databases_are_noticed(form: str) -> None:
    """Whatever the variable is called. Random letters can look like a path now and then, where no prefix tells."""
    found = [bool(secret_shape("VALUE", example(form, seed))) for seed in range(40)]
    assert sum(found) >= 36


@pytest.mark.parametrize("form", sorted(HASHES))
def test_a_key_that_looks_like_a_hash_is_noticed_by_its_name(form: str) -> None:
    assert secret_shape("SERVICE_API_KEY", example(form, 1)) == "a secret by its name"


def test_at_least_95_of_100_formats_are_noticed_by_their_form() -> None:
    assert len(FORMATS) >= 60
    assert len(HASHES) <= 0.05 * len(FORMATS)


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("  - --extra-index-url https://me:s3cret@pypi.example.com/simple", 23, "an address with a password"),
        ("RUN pip install -i https://u:pass-word@h/simple x", 20, "an address with a password"),
        ("ENV API_KEY=abc-def-123", 13, "a secret by its name"),
        ("ARG DB_PASSWORD=hunter2x", 17, "a secret by its name"),
        ('export TOKEN="abcdef1"', 15, "a secret by its name"),
        ("x = 'https://a.blob.core.windows.net/c?sv=1&sig=Ab12Cd34Ef56Gh78Ij90Kl12'", 6, "a shared access signature"),
        ("key = sk-AbCdEf0123456789AbCdEf", 7, "an OpenAI key"),
        ("-----BEGIN RSA PRIVATE KEY-----", 1, "a private key"),
        ("db = 'Server=h;Password=hunter2x;'", 7, "a connection string"),
        ("AccountName=a;AccountKey=" + "Ab3/" * 21 + "Cd==;x", 1, "an Azure storage key"),
    ],
)
def test_forms_of_secrets_are_found_in_lines_of_files(line: str, column: int, words: str) -> None:
    assert list(shapes_in(line)) == [(column, words)]


@pytest.mark.parametrize(
    "line",
    [
        "https://${USER}:${TOKEN}@pypi.example.com/simple",
        "https://$USER:$TOKEN@pypi.example.com/simple",
        "https://<user>:<password>@host",
        "see https://example.com:8080/a@b",
        "ENV TOKEN_LIMIT=4096",
        "ENV API_KEY=${API_KEY}",
        "ARG TOKEN",
        "password = os.environ['PASSWORD_OF_MINE']",
        "API_KEY=abc-def-123 in a sentence of a script is only a guess",
        "git@github.com:org/repo.git",
        "client.login(user=name, password=settings.password)",
        "x" * 1000,
    ],
)
def test_what_only_resembles_one_is_left_alone(line: str) -> None:
    assert list(shapes_in(line)) == []


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (".env", True),
        (".env.prod", True),
        (".env.example", False),
        ("id_rsa", True),
        ("id_rsa.pub", False),
        ("tls.pem", True),
        ("a.key", True),
        (".netrc", True),
        ("keys.py", False),
        ("environment.yml", False),
    ],
)
def test_files_of_keys_are_known_by_name(name: str, keys: bool) -> None:
    assert is_key_file(name) == keys
