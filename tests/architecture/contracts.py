"""A kind of contract that import-linter lacks: modules which only their own package may import."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PrivateModules(Contract):
    """`modules`: names such as `models`. `fangxian.cases.models` is then closed to everything outside `fangxian.cases`."""

    modules = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        private: Any = self.modules
        intrusions = []
        for imported in sorted(graph.modules):
            owner, dot, rest = imported.partition(".")[2].partition(".")
            if not dot or rest.split(".")[0] not in private:
                continue
            package = imported.partition(".")[0] + "." + owner
            for importer in sorted(graph.find_modules_that_directly_import(imported)):
                if importer != package and not importer.startswith(package + "."):
                    lines = [
                        str(each["line_number"])
                        for each in graph.get_import_details(importer=importer, imported=imported)
                    ]
                    intrusions.append(f"{importer} -> {imported} (l.{', '.join(lines)})")
        return ContractCheck(kept=not intrusions, metadata={"intrusions": intrusions})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for intrusion in check.metadata["intrusions"]:
            output.print_error(f"- {intrusion}", bold=False)
            output.new_line()
