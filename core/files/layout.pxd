# The common parts of a generation's flat files (entities.bin, dossiers.bin, names.bin, plates.bin).
#
# Each starts with a FileHeader; names.bin and plates.bin end with a FileTrailer. All integers are little-endian. The build
# number is drawn at random for each generation and stands in every file (in keys.mdb as the value of "ronda.build" in the
# main database): files of two generations are never read together.

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef enum:
    FORMAT_VERSION = 2
    HEADER_SIZE = 64
    TRAILER_SIZE = 64
    ENTITY_ROW_SIZE = 16

cdef packed struct FileHeader:
    uint8_t magic[8]             # "RNDENTIT", "RNDDOSSI", "RNDNAMES", "RNDPLATE"
    uint32_t version             # FORMAT_VERSION
    uint32_t reserved
    uint64_t build
    uint8_t reserved2[32]
    uint64_t checksum            # XXH3_64 of the 56 bytes before it

cdef packed struct FileTrailer:
    uint8_t magic[8]             # as in the header
    uint64_t table               # offset of the file's last table (TokenEntry[], checksum[])
    uint64_t count               # tokens, or rows
    uint64_t table_checksum      # XXH3_64 of the table
    uint8_t reserved[24]
    uint64_t checksum            # XXH3_64 of the 56 bytes before it

cdef packed struct EntityRow:    # entities.bin: row n is entity n
    uint64_t offset              # of the dossier in dossiers.bin, a multiple of 8
    uint32_t length              # of the dossier
    uint8_t kind                 # ENTITY_*
    uint8_t reserved[3]
