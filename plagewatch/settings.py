"""All settings of the product, each read from `PLAGEWATCH_<NAME>`. The table for people is docs/settings.md."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MQTT_TLS_PORTS = (8883, 8884)  # the registered port, and where `broker config` puts client certificates


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
    influx_token: SecretStr = Field(SecretStr(""), description="InfluxDB token; `store init --tokens` makes them")
    influx_org: str = Field("plagewatch", description="InfluxDB organisation")
    influx_timeout_s: float = Field(30.0, gt=0, description="Longest wait for one InfluxDB call [s]")
    influx_gzip: Literal["auto", "on", "off"] = Field(
        "auto", description="Compress what is sent to InfluxDB: `on`, `off`, `auto` = only to another machine"
    )

    mqtt_host: str = Field("127.0.0.1", description="MQTT broker")
    mqtt_port: int = Field(1883, ge=1, le=65535, description="MQTT port")
    mqtt_version: Literal[4, 5] = Field(5, description="MQTT protocol version, 5 or 4 (= 3.1.1)")
    mqtt_client_id: str = Field(
        "plagewatch-collector", description="Fixed name of the collector's session at the broker"
    )
    mqtt_username: str | None = Field(None, description="User at the broker")
    mqtt_password: SecretStr | None = Field(None, description="Password at the broker")
    mqtt_topics: str = Field("#", description="Topic filters to subscribe to, separated by a comma")
    mqtt_ca_file: Path | None = Field(
        None, description="Authorities (PEM) whose certificate of the broker is believed; not set: this machine's own"
    )
    mqtt_cert_file: Path | None = Field(None, description="Certificate (PEM) by which the broker knows this collector")
    mqtt_key_file: Path | None = Field(None, description="Private key (PEM) of that certificate, without a password")
    mqtt_tls: Literal["auto", "on", "off"] = Field(
        "auto", description="Encrypted connection; auto: on port 8883 or 8884, or where one of the three files is named"
    )
    mqtt_share: str = Field(
        "", description="Group of collectors that share the packets (MQTT 5), the same name in each; empty: no group"
    )
    mqtt_session_expiry_s: int = Field(
        7 * 86_400,
        ge=0,
        le=(1 << 32) - 1,
        description="How long the broker keeps packets for a collector that is away [s]",
    )
    mqtt_receive_maximum: int = Field(
        2_000, ge=1, le=65_535, description="Packets the broker may send before the first of them is acknowledged"
    )
    mqtt_max_packet_bytes: int = Field(
        16 << 20,
        ge=2 << 20,
        le=256 << 20,
        description="Longest packet the broker may send; it discards longer ones [B]",
    )
    mqtt_topic_aliases: int = Field(
        0, ge=0, le=65_535, description="Topics the broker may replace by numbers; some brokers mix them up"
    )
    mqtt_broker_figures: bool = Field(True, description="Ask the broker what it says of itself under $SYS (Mosquitto)")

    spool_keep_days: float = Field(30.0, gt=0, description="How long handled packets stay for a replay [days]")
    spool_keep_gb: float = Field(
        20.0, gt=0, description="Most that the spool keeps [GB]; packets not handled yet stay beyond it"
    )
    spool_free_gb: float = Field(
        2.0, ge=0, description="Free room on the spool's disk below which it is told and handled packets go [GB]"
    )
    spool_free_share: float = Field(
        0.05, ge=0, lt=1, description="The same as a share of the disk; the larger of both holds"
    )
    spool_late_s: float = Field(900.0, gt=0, description="How long packets may wait to be stored before it is told [s]")

    health_host: str = Field("127.0.0.1", description="Address of the port for health and metrics")
    health_port: int | None = Field(
        None, ge=1, le=65535, description="Port of /healthz and /metrics where no pages run; not set: none is opened"
    )

    collector_figures: bool = Field(
        True,
        description="Whether the collector makes figures too; off where `serve figures` is a process of its own",
    )

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

    weather_fetch: bool = Field(
        False, description="Ask the sources of weather that are assigned to sites over the network; see weather.md"
    )
    weather_key: SecretStr = Field(
        SecretStr(""), description="Key of a subscription at Open-Meteo; not set: its free service, non-commercial use"
    )
    weather_archive_url: str | None = Field(
        None, description="Another server than Open-Meteo's for past days, e.g. one of your own"
    )
    weather_recent_url: str | None = Field(None, description="The same for recent days")
    weather_rmi_url: str | None = Field(None, description="Another address of the RMI's WFS of automatic stations")

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

    @field_validator("mqtt_client_id", "mqtt_share")
    @classmethod
    def _level(cls, text: str, info: ValidationInfo) -> str:
        if set(text) & set("/+#$\x00") or not (text or info.field_name == "mqtt_share"):
            raise ValueError(f"{text!r} is no name for the broker: it becomes one level of a topic, so not / + # or $")
        if text and info.field_name == "mqtt_share" and info.data.get("mqtt_version") != 5:
            raise ValueError("a group of collectors needs MQTT 5: set PLAGEWATCH_MQTT_VERSION=5")
        return text

    @field_validator("mqtt_key_file")
    @classmethod
    def _key(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None and info.data.get("mqtt_cert_file") is None:
            raise ValueError("a key is of no use without its certificate: set PLAGEWATCH_MQTT_CERT_FILE too")
        return path

    @field_validator("mqtt_tls")
    @classmethod
    def _tls(cls, wanted: str, info: ValidationInfo) -> str:
        if wanted == "off" and any(info.data.get(f"mqtt_{name}_file") for name in ("ca", "cert", "key")):
            raise ValueError("it is off, and yet a certificate is named: leave one of them out")
        return wanted

    @field_validator(
        "influx_url", "grafana_url", "base_url", "weather_archive_url", "weather_recent_url", "weather_rmi_url"
    )
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

    @field_validator("influx_token", "grafana_token", "weather_key")
    @classmethod
    def _token(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value().strip()
        if not text.isascii() or not (text + "x").isprintable():
            raise ValueError("a token is made of printable ASCII characters")
        return SecretStr(text)

    def mqtt_encrypted(self) -> bool:
        """Whether the connection to the broker is to be encrypted."""
        files = (self.mqtt_ca_file, self.mqtt_cert_file)
        asked_for = self.mqtt_port in MQTT_TLS_PORTS or any(file is not None for file in files)
        return self.mqtt_tls == "on" or (self.mqtt_tls == "auto" and asked_for)

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
