# Runs one Python plugin for aro: reads requests from standard input, one JSON
# object a line, and answers each with one line. What the plugin prints goes to
# standard error, so that it cannot get between the answers.
import importlib.machinery, importlib.util, inspect, json, os, signal, sys, types


def limit(most):
    """Bound the memory of the plugin, where the system can: what it writes to, and, more
    generously, all that it maps. It can lower the limit, but not raise it."""
    try:
        import resource
    except ImportError:
        return
    for what, n in (("RLIMIT_DATA", most), ("RLIMIT_AS", 4 * most)):
        try:
            resource.setrlimit(getattr(resource, what), (n, n))
        except (AttributeError, ValueError, OSError):
            pass


def answers():
    """Take standard output away from the plugin."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return out


class Input:
    """The arguments of an action or qualifier."""

    def __init__(self, data):
        self.raw = self.data = data

    def get(self, key, default=None):
        return self.data.get(key, default)

    def _typed(self, key, default, convert):
        value = self.data.get(key)
        return default if value is None else convert(value)

    def string(self, key, default=""):
        return self._typed(key, default, lambda v: v if isinstance(v, str) else json.dumps(v))

    def int(self, key, default=0):
        return self._typed(key, default, int)

    def double(self, key, default=0.0):
        return self._typed(key, default, float)

    float = double

    def bool(self, key, default=False):
        return self._typed(key, default, bool)

    def list(self, key, default=None):
        return self._typed(key, default, list)

    def dict(self, key, default=None):
        return self._typed(key, default, dict)

    def with_args(self):
        return self.data.get("_with") or {}

    def __getitem__(self, key):
        return self.data[key]

    def __contains__(self, key):
        return key in self.data


class Kit:
    """What the decorators of a plugin collect."""

    def __init__(self):
        self.about, self.actions, self.qualifiers, self.services, self.instance = {}, {}, {}, {}, None

    def plugin(self, name="", version="", handle="", **about):
        def mark(cls):
            self.about = dict(about, name=name or cls.__name__, version=version, handle=handle)
            self.instance = cls()
            return cls
        return mark

    def action(self, name="", verbs=None, role="own", prepositions=None, description="", **_):
        def mark(f):
            key = name or f.__name__.replace("_", "-")
            self.actions[key] = ({"name": key, "verbs": verbs or [key], "role": role, "prepositions": prepositions or [], "description": description}, f)
            return f
        return mark

    def qualifier(self, name="", input_types=None, accepts_parameters=False, description="", **_):
        def mark(f):
            key = name or f.__name__.replace("_", "-")
            self.qualifiers[key] = ({"name": key, "input_types": input_types or [], "accepts_parameters": accepts_parameters, "description": description}, f)
            return f
        return mark

    def service(self, name="", methods=None, **_):
        def mark(f):
            self.services[name or f.__name__] = (methods or [], f)
            return f
        return mark

    def info(self):
        return dict(self.about, actions=[a for a, _ in self.actions.values()], qualifiers=[q for q, _ in self.qualifiers.values()],
                    services=[{"name": n, "methods": m} for n, (m, _) in self.services.items()])

    def call(self, f, *args):
        if "." in f.__qualname__ and "<locals>" not in f.__qualname__:
            args = (self.instance,) + args
        return f(*args[:len(inspect.signature(f).parameters)])

    def execute(self, name, text):
        data = Input(json.loads(text))
        if name.startswith("service:"):
            method = name[len("service:"):]
            for methods, f in self.services.values():
                if method in methods:
                    return self.call(f, data, method)
        return self.call(self.actions[name][1], data)

    def qualify(self, name, text):
        data = json.loads(text)
        f = self.qualifiers[name][1]
        if "." in f.__qualname__ and "<locals>" not in f.__qualname__:
            return {"result": self.call(f, data.get("value"), Input(data.get("_with") or {}))}
        return self.call(f, Input(data))

    def export(self, scope):
        scope.setdefault("aro_plugin_info", self.info)
        scope.setdefault("aro_plugin_execute", self.execute)
        scope.setdefault("aro_plugin_qualifier", self.qualify)


def kit():
    """Stand in for the package aro_plugin_sdk where it is not installed."""
    if importlib.util.find_spec("aro_plugin_sdk"):
        return
    k, m = Kit(), types.ModuleType("aro_plugin_sdk")
    m.AROInput, m.plugin, m.action, m.qualifier, m.service, m.export_abi = Input, k.plugin, k.action, k.qualifier, k.service, k.export
    m.run = lambda *_: None
    m.on_event = m.system_object = lambda *_, **__: lambda f: f
    sys.modules["aro_plugin_sdk"] = m


class Source(importlib.machinery.SourceFileLoader):
    """Compile what stands in a file. What lies in __pycache__ may be of another one, and
    is no part of what plugins.lock vouches for."""

    def path_stats(self, path):
        raise OSError("not cached")


def finder(folder):
    """Find the modules of the plugin, those below folder."""
    kinds = importlib.machinery
    loaders = (kinds.ExtensionFileLoader, kinds.EXTENSION_SUFFIXES), (Source, kinds.SOURCE_SUFFIXES), (kinds.SourcelessFileLoader, kinds.BYTECODE_SUFFIXES)

    def find(path):
        if path != folder and not path.startswith(folder + os.sep):
            raise ImportError
        return kinds.FileFinder(path, *loaders)
    return find


def load(path):
    folder = os.path.dirname(path)
    sys.path_hooks.insert(0, finder(folder))
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("aro_plugin", path, loader=Source("aro_plugin", path))
    module = importlib.util.module_from_spec(spec)
    sys.modules["aro_plugin"] = module
    spec.loader.exec_module(module)
    return module


def execute(module, name, text):
    f = getattr(module, "aro_plugin_execute", None)
    if f is not None:
        return f(name, text)
    f = getattr(module, "aro_action_" + name.replace("-", "_"), None)
    if f is None:
        raise LookupError("the plugin has no action " + name)
    return f(text)


def main():
    most = int(sys.argv[2])
    if most:
        limit(most)
    out = answers()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kit()
    module = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"id": request["id"]}
        try:
            if module is None:
                module = load(sys.argv[1])
                if hasattr(module, "aro_plugin_init"):
                    module.aro_plugin_init()
            kind, name, text = request["call"], request["name"], request["input"]
            if kind == "info":
                output = module.aro_plugin_info()
            elif kind == "qualifier":
                output = module.aro_plugin_qualifier(name, text)
            else:
                output = execute(module, name, text)
            answer["output"] = output if isinstance(output, str) else json.dumps(output, default=str)
        except MemoryError:
            answer["error"] = "it needs more than the %d MiB of memory that a plugin may have; ARO_PLUGIN_MEMORY sets another limit" % (most >> 20)
        except Exception as e:
            answer["error"] = "%s: %s" % (type(e).__name__, e)
        out.write(json.dumps(answer) + "\n")
        out.flush()
    if hasattr(module, "aro_plugin_shutdown"):
        module.aro_plugin_shutdown()


main()
