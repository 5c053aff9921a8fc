"""The Sparkplug B payload as a protobuf message, made from the field numbers that the specification publishes.

Only what a reading needs is named; every other field is kept as an unknown one and does no harm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "plagewatch.sparkplug"
_Field = descriptor_pb2.FieldDescriptorProto

_TYPES = {
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}

_VALUES = (("int_value", "uint32"), ("long_value", "uint64"), ("float_value", "float"), ("double_value", "double"),
           ("boolean_value", "bool"), ("string_value", "string"))  # fmt: skip


def _value(first_number: int) -> Sequence[tuple[str, int, str]]:
    """The value's alternatives, which begin at another number in each message; `|` says: one of these."""
    return [(name, first_number + place, f"|{kind}") for place, (name, kind) in enumerate(_VALUES)]


# Message -> (field, number, type). `*` before a type: repeated; `|`: one of the alternatives of `value`.
MESSAGES: Mapping[str, Sequence[tuple[str, int, str]]] = {
    "PropertyValue": (("type", 1, "uint32"), ("is_null", 2, "bool"), *_value(3)),
    "PropertySet": (("keys", 1, "*string"), ("values", 2, "*PropertyValue")),
    "Metric": (
        ("name", 1, "string"),
        ("alias", 2, "uint64"),
        ("timestamp", 3, "uint64"),
        ("datatype", 4, "uint32"),
        ("is_historical", 5, "bool"),
        ("is_transient", 6, "bool"),
        ("is_null", 7, "bool"),
        ("properties", 9, "PropertySet"),
        *_value(10),
        ("bytes_value", 16, "|bytes"),
        ("dataset_value", 17, "|bytes"),
        ("template_value", 18, "|bytes"),
    ),
    "Payload": (
        ("timestamp", 1, "uint64"),
        ("metrics", 2, "*Metric"),
        ("seq", 3, "uint64"),
        ("uuid", 4, "string"),
        ("body", 5, "bytes"),
    ),
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="plagewatch/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number)
            field.label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
            if kind.startswith("|"):
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
                field.oneof_index = 0
            bare = kind.lstrip("*|")
            field.type = _TYPES.get(bare, _Field.TYPE_MESSAGE)
            if bare not in _TYPES:
                field.type_name = f".{_PACKAGE}.{bare}"
    return file


def _payload_class() -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


Payload: Any = _payload_class()
"""The message class. Its fields are not known to a type checker: they are made from the table above."""
