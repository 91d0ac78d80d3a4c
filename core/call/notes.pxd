# The Spanish notes of an answer (docs/answers.md section 11): codes and texts, in the table's order.

cdef extern from *:
    """
    __attribute__((unused)) static const char *const ronda_note_codes[] = {
        "DOCUMENT_NOT_ON_FILE", "PLATE_NOT_ON_FILE", "NO_RECORD_FOREIGN", "DECEASED", "MISUSED", "CONFLICT",
        "NAME_DIFFERS", "IDENTIFIERS_DISAGREE", "UNVERIFIED", "NAME_NOT_ON_FILE", "CUI_IMPOSSIBLE", "OWNER_NAME_ALERT",
        "NAME_BY_RECORD", "CROWDED", "ONLY_BEARER", "ADOLESCENTS_HIDDEN", "SIMILAR_NAME_ALERT",
        "IDENTITY_CHANGED", "NAME_NOT_ASKED", "CHOSEN_BY_NAME",
        "AUTHORITY_WITHDRAWN", "NOT_LISTED", "CLOSED_ELSEWHERE", "DPI_REPORTED", "DOCUMENT_REPORTED", "IDENTITY_MISUSED",
        "CLOSING_DOUBTED", "OLD_ORDER", "TRAVEL_BAN_INLAND", "RESTRAINED_WITH_WHOM",
        "CLOSED_CANCELLED", "CLOSED_EXECUTED", "CLOSED_SUSPENDED", "CLOSED_LAPSED", "CLOSED_EXPIRED", "CLOSED_NOT_YET",
    };
    /* Of the two after CHOSEN_BY_NAME and of the last six the texts name a register or a day: the first's stands behind
       the name, the others' before it. */
    __attribute__((unused)) static const char *const ronda_note_texts[] = {
        "documento no consta",
        "placa no consta",
        "sin registro: documento o placa extranjera no verificada",
        "documento de persona fallecida",
        "posible suplantación: identidad reportada como usada por otra persona",
        "los registros discrepan sobre de quién es este documento",
        "el nombre dado no es el que consta con este documento",
        "los datos dados se contradicen",
        "no se pudo verificar: registro de identidad no disponible",
        "nombre no consta: escriba solo nombres y apellidos",
        "el CUI no puede existir: revise sus dígitos",
        "alguien con orden vigente lleva el nombre del propietario: identifíquelo",
        "nombre según el registro que lo menciona: no consta en el registro de identidad",
        "una orden sin documento puede ser de esta persona o de otras, más de cincuenta: "
        "no es un visto bueno, consulte a la institución",
        "una orden sin documento lleva el nombre de esta persona, que nadie más lleva: "
        "no es un visto bueno, consulte a la institución",
        "órdenes de adolescentes no se muestran para este fin: no es un visto bueno",
        " con alerta de nombre parecido: pida el DPI",  /* hay n personas */
        "datos de identidad cambiados el ",  /* dd/mm/yyyy */
        "el nombre escrito no se buscó: pregunte por la persona aparte",
        "elegido de una lista por nombre: compare el DPI",
        " no disponible; la había dado por cerrada: confirme",
        "no consta en ",
        "según ",
        "DPI reportado: compare la fotografía; puede ser la víctima",
        "documento reportado: compare la fotografía; puede ser la víctima",
        "identidad suplantada: compare la fotografía; puede ser la víctima",
        "cerrada con una fecha imposible: confirme",
        "orden de hace más de veinte años: confirme vigencia",
        "no puede salir del país: no impide circular",
        "orden de protección: pregunte quién va con él",
        "cancelada por ", "ejecutada por ", "suspendida por ", "caducada por ", "vencida el ", "vigente desde ",
    };
    /* NAME_NOT_ON_FILE where a year of birth was asked: who bears the name may be on file, born in that year */
    __attribute__((unused)) static const char *const ronda_dated_name_text = "nadie se identifica con ese nombre y esa fecha: escriba solo nombres y apellidos";
    """
    const char* note_code "ronda_note_codes"[36]
    const char* note_text "ronda_note_texts"[36]
    const char* dated_name_text "ronda_dated_name_text"

cdef enum:
    NOTE_DOCUMENT_NOT_ON_FILE = 0
    NOTE_PLATE_NOT_ON_FILE = 1
    NOTE_NO_RECORD_FOREIGN = 2
    NOTE_DECEASED = 3
    NOTE_MISUSED = 4
    NOTE_CONFLICT = 5
    NOTE_NAME_DIFFERS = 6
    NOTE_IDENTIFIERS_DISAGREE = 7
    NOTE_UNVERIFIED = 8
    NOTE_NAME_NOT_ON_FILE = 9
    NOTE_CUI_IMPOSSIBLE = 10
    NOTE_OWNER_NAME_ALERT = 11
    NOTE_NAME_BY_RECORD = 12
    NOTE_CROWDED = 13
    NOTE_ONLY_BEARER = 14
    NOTE_ADOLESCENTS_HIDDEN = 15
    NOTE_SIMILAR_NAME_ALERT = 16
    NOTE_IDENTITY_CHANGED = 17
    NOTE_NAME_NOT_ASKED = 18
    NOTE_CHOSEN_BY_NAME = 19
    ANSWER_NOTES = 20            # the notes of an answer come before this one; the others belong to one hit
    NOTE_AUTHORITY_WITHDRAWN = 20
    NOTE_NOT_LISTED = 21
    NOTE_CLOSED_ELSEWHERE = 22
    NOTE_DPI_REPORTED = 23
    NOTE_DOCUMENT_REPORTED = 24
    NOTE_IDENTITY_MISUSED = 25
    NOTE_CLOSING_DOUBTED = 26
    NOTE_OLD_ORDER = 27
    NOTE_TRAVEL_BAN_INLAND = 28
    NOTE_RESTRAINED_WITH_WHOM = 29
    NOTE_CLOSED_CANCELLED = 30
    NOTE_CLOSED_EXECUTED = 31
    NOTE_CLOSED_SUSPENDED = 32
    NOTE_CLOSED_LAPSED = 33
    NOTE_CLOSED_EXPIRED = 34
    NOTE_CLOSED_NOT_YET = 35
