"""All settings of the product, each read from `PLAGEWATCH_<NAME>`. The table for people is docs/settings.md."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things are and how the product behaves. Nothing here is read at import: make one, hand it on."""

    model_config = SettingsConfigDict(env_prefix="PLAGEWATCH_", extra="ignore")

    data_dir: Path = Field(
        Path(".plagewatch"), description="Folder of the embedded stores, the spool and the demo's world"
    )
    records_url: str | None = Field(
        None, description="SQLAlchemy URL of the records; not set: SQLite in the data folder"
    )
    influx_url: str | None = Field(
        None, description="InfluxDB 2.x; not set: the series stand in SQLite in the data folder"
    )
    influx_token: SecretStr = Field(SecretStr(""), description="InfluxDB token that may read and write both buckets")
    influx_org: str = Field("plagewatch", description="InfluxDB organisation")
    influx_timeout_s: float = Field(30.0, gt=0, description="Longest wait for one InfluxDB call [s]")

    mqtt_host: str = Field("127.0.0.1", description="MQTT broker")
    mqtt_port: int = Field(1883, ge=1, le=65535, description="MQTT port")
    mqtt_version: Literal[4, 5] = Field(5, description="MQTT protocol version, 5 or 4 (= 3.1.1)")
    mqtt_client_id: str = Field(
        "plagewatch-collector", description="Fixed name of the collector's session at the broker"
    )
    mqtt_username: str | None = Field(None, description="User at the broker")
    mqtt_password: SecretStr | None = Field(None, description="Password at the broker")
    mqtt_topics: str = Field("#", description="Topic filters to subscribe to, separated by a comma")

    http_host: str = Field(
        "127.0.0.1", description="Address the pages and the API listen on; there are no user rights yet"
    )
    http_port: int = Field(8000, ge=1, le=65535, description="Port of the pages and the API")
    base_url: str = Field(
        "http://127.0.0.1:8000", description="Address people reach the pages at; links in mails use it"
    )

    smtp_host: str | None = Field(None, description="Mail server; not set: nothing is sent, mails wait in the outbox")
    smtp_port: int = Field(25, ge=1, le=65535, description="Port of the mail server")
    smtp_starttls: bool = Field(False, description="Encrypt the connection to the mail server with STARTTLS")
    smtp_username: str | None = Field(None, description="User at the mail server")
    smtp_password: SecretStr | None = Field(None, description="Password at the mail server")
    mail_from: str = Field("plagewatch@localhost", description="Sender of mails")

    grafana_url: str | None = Field(None, description="Grafana that `dashboards push` writes to")
    grafana_token: SecretStr = Field(SecretStr(""), description="Service account token at Grafana")

    plage_portfolio: Path | None = Field(None, description="Portfolio file of the PLAGE; not set: the sample portfolio")

    @field_validator("mqtt_topics")
    @classmethod
    def _filters(cls, text: str) -> str:
        filters = [topic.strip() for topic in text.split(",")]
        for topic in filters:
            levels = topic.split("/")
            whole = all(level in ("+", "#") or not set(level) & {"+", "#"} for level in levels)
            if not topic or not whole or "#" in levels[:-1]:
                raise ValueError(f"{topic!r} is no topic filter: + and # stand for whole levels, # only for the last")
        return ",".join(filters)

    @field_validator("influx_url", "grafana_url", "base_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            parts = None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address: http://HOST:PORT is expected")
        if parts.username or parts.password:
            raise ValueError("an address holds no user and password here; there are settings for them")
        return url.strip().rstrip("/")

    @field_validator("influx_token", "grafana_token")
    @classmethod
    def _token(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value().strip()
        if not text.isascii() or not (text + "x").isprintable():
            raise ValueError("a token is made of printable ASCII characters")
        return SecretStr(text)

    def records_at(self) -> str:
        """The SQLAlchemy URL of the records."""
        return self.records_url or f"sqlite:///{self.data_dir / 'records.db'}"


def markdown_table() -> str:
    """All settings as the table of docs/settings.md; `plagewatch settings` prints it."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        shown = "–" if default in (None, "") else f"`{default}`"
        lines.append(f"| `PLAGEWATCH_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines)
