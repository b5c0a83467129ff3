"""Superset's own database, accounts and dashboards, brought up to date in one process; run by .venv-bi's Python.

Belongs here: what is done inside Superset before it serves. Does not belong here: what the dashboards show
(`bundle.py`).
"""

import argparse
import json
from pathlib import Path
from zipfile import ZipFile

from flask_migrate import upgrade
from superset.app import create_app

# What somebody who only looks may not do, of what Superset's role Gamma may.
NOT_FOR_VIEWERS = {("can_write", "Chart"), ("can_write", "Dashboard"), ("can_write", "Dataset")}


def set_up(bundle: Path, passwords: dict[str, Path]) -> None:
    """Bring Superset's database up to date, import the dashboards and give the accounts their passwords.

    Args:
        bundle: the archive that `bundle.write_bundle` made.
        passwords: account (admin, viewer) → file with its password; an account that is not named stays as it is.
    """
    with create_app().app_context():
        # Superset's models need an app to be imported in.
        from superset import appbuilder, db, security_manager  # noqa: PLC0415
        from superset.commands.importers.v1.assets import ImportAssetsCommand  # noqa: PLC0415
        from superset.commands.importers.v1.utils import get_contents_from_bundle  # noqa: PLC0415
        from superset.connectors.sqla.models import SqlaTable  # noqa: PLC0415
        from superset.models.core import Database  # noqa: PLC0415
        from superset.models.dashboard import Dashboard  # noqa: PLC0415
        from superset.models.slice import Slice  # noqa: PLC0415
        from superset.utils.core import override_user  # noqa: PLC0415

        def account(name: str, role: str) -> None:
            password = passwords[name].read_text(encoding="utf-8")
            user = security_manager.find_user(username=name)
            if user:
                security_manager.reset_password(user.id, password)
            else:
                security_manager.add_user(
                    name, name, "account-mapping", f"{name}@localhost", security_manager.find_role(role), password
                )

        upgrade()
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        account("admin", "Admin")
        with override_user(security_manager.find_user(username="admin")), ZipFile(bundle) as archive:
            contents = get_contents_from_bundle(archive)
            ImportAssetsCommand(contents).run()
        brought = {json.loads(content).get("uuid") for content in contents.values()}
        for kind in (Dashboard, Slice, SqlaTable):
            for item in db.session.query(kind).filter_by(is_managed_externally=True):
                if str(item.uuid) not in brought:  # a specification no longer has it
                    db.session.delete(item)
        marts = db.session.query(Database).filter_by(database_name="marts").one()
        role = security_manager.add_role("Viewer")
        role.permissions = [
            permission
            for permission in security_manager.find_role("Gamma").permissions
            if (permission.permission.name, permission.view_menu.name) not in NOT_FOR_VIEWERS
        ]
        role.permissions.append(security_manager.add_permission_view_menu("database_access", marts.perm))
        if "viewer" in passwords:
            account("viewer", "Viewer")
        db.session.commit()


def main() -> None:
    """Read the arguments and set up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--password", nargs=2, action="append", metavar=("ACCOUNT", "FILE"), default=[])
    arguments = parser.parse_args()
    set_up(arguments.bundle, {account: Path(file) for account, file in arguments.password})


if __name__ == "__main__":
    main()
