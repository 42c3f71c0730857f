//! SQLite: schema, migrations, writing, asking.
