"""The one collection of tables, how their indexes and keys are called, and what several tables share."""

from sqlalchemy import BigInteger, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Rows that stood there before a column was added have nothing in it.
EMPTY = text("''")

# SQLite numbers rows itself only for its own INTEGER type.
Serial = BigInteger().with_variant(Integer, "sqlite")
