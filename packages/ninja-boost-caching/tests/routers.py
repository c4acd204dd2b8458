"""Sends each cache table to the database that it is named after."""


class CacheTables:
    def db_for_read(self, model, **hints):
        table = model._meta.db_table
        return table.removeprefix("cache_") if table.startswith("cache_") else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return True
