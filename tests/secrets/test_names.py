"""Which names hold a secret: one table for variables, arguments, keys, settings and the environment."""

from __future__ import annotations

import pytest

from remediate.secrets.names import is_open, names_a_secret
from tests.language.files import words

SECRET = words(
    "ansible_password ansible_ssh_pass ansible_become_pass api_token PASSWORD key_passphrase dbpassword hostPassword "
    "PGPASSWORD db-password password1 password_2 password_old password_exchange passwords secrets credentials svc_cred "
    "apikey api_key apiKey APIKey private_key ssh_private_key secret_key AWS_SECRET_ACCESS_KEY MYSQL_PWD sshpass "
    "dbpass DbPassword winrm_cert_key_password accessToken oauth2_token passwd userPasswd my.password pass pwd secret "
    "token VAULT_CREDENTIALS token_for_deploy pass_phrase clientSecret encryption_key password_hash passwords_by_host"
)
OTHERS = words(
    "passed compass bypass trespass token_count tokens_left tokenCount password_file passwordFile password_policy "
    "max_tokens update_password ask_pass packages ssh_legacy ssh_host_key public_key key PATH passenger passport "
    "passive first_pass_done tokenize tokenizer ansible_ssh_private_key_file secretary password_expires COMPASS_HOME "
    "keyboard passes ansible_user pass_rate host name secret_name token_url minimum_password_length product_key _ 0"
)


@pytest.mark.parametrize("name", SECRET)
def test_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", [*OTHERS, ""])
def test_no_secret(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    ("key", "seen"), [("user", True), ("loginName", True), ("pw", False), ("user_password", False)]
)
def test_what_may_be_seen_beside_a_password(key: str, seen: bool) -> None:
    assert is_open(key) is seen
