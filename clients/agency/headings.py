"""Headers by which a column is known, as clerks write them: capitals without accents and signs."""

from __future__ import annotations

FIELDS = ("cui", "name", "born", "plate", "vin")
HEADERS = {
    "cui": "CUI DPI CUIDPI DPICUI NODPI NODEDPI NUMERODPI NUMERODEDPI NUMDPI DPINO CUIODPI NUMEROCUI NOCUI",
    "name": "NOMBRE NOMBRECOMPLETO NOMBRESYAPELLIDOS NOMBREYAPELLIDOS NOMBREYAPELLIDO NOMBRESAPELLIDOS",
    "born": "NACIMIENTO FECHANACIMIENTO FECHADENACIMIENTO FECHANAC FNACIMIENTO FNAC NACIDO FECHADENAC BORN",
    "plate": "PLACA PLACAS NOPLACA NUMERODEPLACA PLACAVEHICULO",
    "vin": "VIN CHASIS NOCHASIS NUMERODECHASIS VINCHASIS",
}
# A name in parts: these columns together, in this order, where at least a given name and a surname are there.
GIVEN = ["PRIMERNOMBRE", "SEGUNDONOMBRE", "TERCERNOMBRE", "NOMBRES"]
SURNAMES = ["APELLIDOS", "APELLIDO", "PRIMERAPELLIDO", "SEGUNDOAPELLIDO", "APELLIDOCASADA", "APELLIDODECASADA"]

KNOWN = frozenset((*" ".join(HEADERS.values()).split(), *GIVEN, *SURNAMES))
