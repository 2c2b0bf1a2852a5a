"""MLflow's own Python client understands Slipway's answers and refusals."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.utils.rest_utils import MlflowHostCreds, http_request, verify_rest_response

from support.registry import MODEL
from support.slipway import BASE


def ask(slipway, method, user, **options):
    credentials = MlflowHostCreds(slipway.url, username=user[0], password=user[1])
    return verify_rest_response(http_request(credentials, BASE, method, **options), BASE)


def test_the_client_reads_an_answer(slipway):
    assert ask(slipway, "GET", slipway.admin).json()["builds"] is not None


@pytest.mark.parametrize("user, fields, code", [
    ("admin", {"model_name": "no such model", "model_version": "1"}, "RESOURCE_DOES_NOT_EXIST"),
    ("admin", {"model_name": MODEL, "model_version": "1.0"}, "INVALID_PARAMETER_VALUE"),
    ("plain_user", {"model_name": MODEL, "model_version": "1"}, "PERMISSION_DENIED"),
    ("stranger", {"model_name": MODEL, "model_version": "1"}, "UNAUTHENTICATED"),
])
def test_the_client_raises_a_readable_exception(slipway, user, fields, code):
    with pytest.raises(MlflowException) as raised:
        ask(slipway, "POST", getattr(slipway, user, ("stranger", "wrong")), json=fields)
    assert raised.value.error_code == code
    assert len(raised.value.message.split()) > 3
