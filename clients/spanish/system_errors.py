"""Errors of the operating system in Spanish: its own words are English, or of the machine's language."""

from __future__ import annotations

import errno
import socket

_TEXTS = {
    errno.ENOENT: "no existe",
    errno.EACCES: "este usuario no tiene permiso",
    errno.EPERM: "este usuario no tiene permiso",
    errno.EEXIST: "ya existe",
    errno.EISDIR: "es un directorio",
    errno.ENOTDIR: "una parte de la ruta no es un directorio",
    errno.ENOTEMPTY: "el directorio no está vacío",
    errno.ENAMETOOLONG: "el nombre es demasiado largo",
    errno.ELOOP: "el enlace no lleva a ningún archivo",
    errno.ENOSPC: "no queda espacio en el disco",
    errno.EDQUOT: "se agotó la cuota de disco de este usuario",
    errno.EFBIG: "el archivo pasa del tamaño permitido",
    errno.EROFS: "el disco es de solo lectura",
    errno.EIO: "falla del disco o del equipo",
    errno.ENODEV: "no hay tal dispositivo",
    errno.ENXIO: "no hay tal dispositivo",
    errno.EBUSY: "está en uso",
    errno.ETXTBSY: "está en uso",
    errno.EMFILE: "demasiados archivos abiertos",
    errno.ENFILE: "demasiados archivos abiertos en este equipo",
    errno.ENOMEM: "no queda memoria",
    errno.EINVAL: "no sirve para esto",
    errno.ESTALE: "el disco de red ya no lo tiene",
    errno.EPIPE: "quien lo leía cerró",
    errno.EADDRINUSE: "la dirección ya está en uso por otro programa",
    errno.EADDRNOTAVAIL: "la dirección no es de este equipo",
    errno.ECONNREFUSED: "nadie escucha ahí",
    errno.ECONNRESET: "el otro lado cortó la conexión",
    errno.ECONNABORTED: "se cortó la conexión",
    errno.ETIMEDOUT: "no contestó a tiempo",
    errno.EHOSTUNREACH: "no hay camino hasta ese equipo",
    errno.ENETUNREACH: "no hay camino hasta esa red",
    errno.ENETDOWN: "la red está caída",
}


def system_error_text(error: OSError) -> str:
    """Returns why the system refused; an error without a text of ours shows its number."""
    if isinstance(error, socket.gaierror):
        return "no se conoce un equipo con ese nombre"
    if isinstance(error, TimeoutError):
        return _TEXTS[errno.ETIMEDOUT]
    if error.errno is None:
        return "no se puede usar"
    return _TEXTS.get(error.errno, f"error {error.errno} del sistema")
