"""A kind of contract that import-linter lacks: modules which only their own package may import."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PrivateModules(Contract):
    """`modules`: names such as `models`: `fangxian.cases.models` is then closed to what lies outside `fangxian.cases`.

    Only a module of the same name may reach it, since a foreign key needs the table that it points to.
    """

    modules = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        private: Any = self.modules
        intrusions = []
        for imported in sorted(graph.modules):
            owner, name = _owner_and_name(imported, private)
            if not name:
                continue
            for importer in sorted(graph.find_modules_that_directly_import(imported)):
                _other, other_name = _owner_and_name(importer, private)
                if not importer.startswith(f"{owner}.") and importer != owner and other_name != name:
                    lines = [
                        each["line_number"] for each in graph.get_import_details(importer=importer, imported=imported)
                    ]
                    intrusions.append(f"{importer} -> {imported} (l.{', '.join(map(str, lines))})")
        return ContractCheck(kept=not intrusions, metadata={"intrusions": intrusions})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for intrusion in check.metadata["intrusions"]:
            output.print_error(f"- {intrusion}", bold=False)
            output.new_line()


def _owner_and_name(module: str, private: Any) -> tuple[str, str]:
    """`fangxian.cases.models.reports` belongs to `fangxian.cases` and goes by the name of `models`; no name where it is not private.

    A stage may have rooms of its own: `fangxian.containment.zones.models` belongs to `fangxian.containment.zones`.
    """
    parts = module.split(".")
    for place, name in enumerate(parts):
        if name in private and place > 1:
            return ".".join(parts[:place]), name
    return "", ""
