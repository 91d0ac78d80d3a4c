/* Runs one fuzz target under libFuzzer: a Python function of one bytes argument, over a core that is compiled with coverage and
 * AddressSanitizer. What the function raises, and what a sanitizer reports, ends the process with an input file.
 *
 * From the environment: RONDA_FUZZ_PYTHON (the interpreter whose packages are used), RONDA_FUZZ_PATH (folders put before
 * sys.path, parted by ':'), RONDA_FUZZ_TARGET ("module:function").
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static PyObject *target;

static void die(const char *what) {
    if (PyErr_Occurred()) PyErr_Print();
    fprintf(stderr, "fuzz driver: %s\n", what);
    exit(70);
}

static const char START[] =
    "import importlib, os, sys\n"
    "sys.path[:0] = os.environ['RONDA_FUZZ_PATH'].split(':')\n"
    "module, _, function = os.environ['RONDA_FUZZ_TARGET'].partition(':')\n"
    "target = getattr(importlib.import_module(module), function)\n";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0; /* libFuzzer has its own */
    const char *python = getenv("RONDA_FUZZ_PYTHON");
    if (!python || PyStatus_Exception(PyConfig_SetBytesString(&config, &config.program_name, python))) die("no interpreter named");
    if (PyStatus_Exception(Py_InitializeFromConfig(&config))) die("Python does not start");
    PyConfig_Clear(&config);
    PyObject *scope = PyModule_GetDict(PyImport_AddModule("__main__"));
    PyObject *done = PyRun_String(START, Py_file_input, scope, scope);
    if (!done) die("the target does not import");
    Py_DECREF(done);
    target = PyDict_GetItemString(scope, "target");
    if (!target) die("no target");
    Py_INCREF(target);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    PyObject *input = PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)size);
    PyObject *result = input ? PyObject_CallFunctionObjArgs(target, input, NULL) : NULL;
    if (!result) {
        PyErr_Print();
        abort();
    }
    Py_DECREF(result);
    Py_DECREF(input);
    return 0;
}
