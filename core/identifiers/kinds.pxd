# Kinds of identifier and of key.

# Kinds of key: the first byte of what is hashed into keys.mdb, and IdentifierEntry.kind.
cdef enum:
    KEY_CUI = 1             # 13 digits
    KEY_NIT = 2             # canonical, no hyphen
    KEY_CEDULA = 3          # "A-1 123456"
    KEY_DOCUMENT = 4        # "SLV:A123456"; "   :A123456" where no country is stated
    KEY_DOCUMENT_NUMBER = 5  # "A123456": lookup key only, never an IdentifierEntry
    KEY_LICENCE = 6         # canonical upper alphanumerics
    KEY_TELEPHONE = 7       # 8 digits
    KEY_PLATE = 8           # lookup key: country + ":" + six characters ("GTM:123BCD"); entry: see IdentifierEntry
    KEY_VIN = 9             # VIN or whole chassis number, upper alphanumerics
    KEY_CHASSIS_TAIL = 10   # last 6, last 7 and last 8 characters: lookup keys only
    KEY_ENGINE = 11         # engine number, upper alphanumerics
    KEY_ENGINE_TAIL = 12    # last 6, 7 and 8 characters: lookup keys only
    KEY_SUBJECT = 13        # the 16 raw bytes of subject_id
    KIND_NAME = 14          # a name: no key, only what a one-box query may be besides
