//! Packages and kinds, of names and paths as profilers of all languages send them.

use FrameKind::{Kernel, Library as Lib, Native, Own, Runtime, StandardLibrary as Std, Unknown};
use vesta_profile::{Frame, FrameKind, FunctionTable, Granularity, Libraries, Library, Origin, Profile};

#[track_caller]
fn check(name: &str, file: &str, module: &str, package: &str, kind: FrameKind) {
    let libraries = Libraries::new();
    let origin = Origin::of(name, file, module, &libraries);
    assert_eq!((origin.package.as_ref(), origin.kind), (package, kind), "{name} in {file} of {module}");
}

#[test]
fn python_frames_are_told_apart_by_their_files() {
    check("findall", "/home/dev/.pyenv/versions/3.11.7/lib/python3.11/re/__init__.py", "", "python", Std);
    check("_find_and_load", "<frozen importlib._bootstrap>", "", "python", Std);
    check("start", "/app/venv/lib/python3.11/site-packages/ddtrace/_trace/tracer.py", "", "ddtrace", Lib);
    check("wrap", "/usr/lib/python3/dist-packages/six.py", "", "six", Lib);
    check(
        "handle",
        r"C:\Users\me\AppData\Local\Programs\Python\Python311\Lib\json\encoder.py",
        "",
        "python",
        Std,
    );
    check("get", r"C:\app\venv\Lib\site-packages\requests\api.py", "", "requests", Lib);
    check("handle_search", "/srv/shop/app.py", "", "/srv/shop", Own);
    check("Google.search", "/srv/shop/app.py", "", "/srv/shop", Own);
    check("<1 frame omitted>", "", "", "", Unknown);
    check("_PyEval_EvalFrameDefault", "", "/usr/bin/python3.11", "python3.11", Native);
    check(
        "c_make_encoder",
        "",
        "/usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so",
        "_json",
        Native,
    );
    check("SSL_read", "/build/openssl/ssl/ssl_lib.c", "/usr/lib/libssl.so.3", "libssl", Native);
}

#[test]
fn node_frames_are_told_apart_by_their_files() {
    check("orders", "/srv/app/server.js", "", "/srv/app", Own);
    check("emit", "node:events", "", "node", Std);
    check("nextTick", "internal/process/task_queues.js", "", "node", Std);
    check("get", "/app/node_modules/lodash/get.js", "", "lodash", Lib);
    check("get", "/app/node_modules/a/node_modules/@scope/b/lib/get.js", "", "@scope/b", Lib);
    check("get", "/app/node_modules/.pnpm/x@1.0.0/node_modules/x/get.js", "", "x", Lib);
    check("get", r"C:\app\node_modules\@scope\b\get.js", "", "@scope/b", Lib);
    for name in
        ["(garbage collector)", "Garbage Collection", "(idle)", "(program)", "Non JS threads activity"]
    {
        check(name, "", "", "runtime", Runtime);
    }
    check("writeLatin1String", "", "", "", Unknown);
}

#[test]
fn go_frames_are_told_apart_by_their_import_paths() {
    let root = "/usr/local/go/src";
    check(
        "encoding/json.Marshal",
        &format!("{root}/encoding/json/encode.go"),
        "/srv/shop",
        "encoding/json",
        Std,
    );
    check("runtime.memmove", &format!("{root}/runtime/memmove_amd64.s"), "/srv/shop", "runtime", Std);
    check(
        "cmpbody",
        &format!("{root}/internal/bytealg/compare_amd64.s"),
        "/srv/shop",
        "internal/bytealg",
        Std,
    );
    check("runtime.gcDrain", &format!("{root}/runtime/mgcmark.go"), "/srv/shop", "runtime", Runtime);
    check("runtime.scanobject", "runtime/mgcmark.go", "", "runtime", Runtime);
    check("runtime.findRunnable", "runtime/proc.go", "", "runtime", Runtime);
    check("runtime.mallocgc", "runtime/malloc.go", "", "runtime", Std);
    check("main.handleSearch", "/srv/shop/main.go", "/srv/shop/shop", "main", Own);
    check(
        "github.com/acme/shop/cart.(*Cart).Add",
        "/src/shop/cart/cart.go",
        "",
        "github.com/acme/shop/cart",
        Own,
    );
    check(
        "github.com/klauspost/compress/zstd.(*Encoder).Write",
        "/home/dev/go/pkg/mod/github.com/klauspost/compress@v1.17.0/zstd/encoder.go",
        "/srv/shop",
        "github.com/klauspost/compress/zstd",
        Lib,
    );
    check(
        "example.com/list.Map[go.shape.int,github.com/a/b.T]",
        "/src/list/list.go",
        "",
        "example.com/list",
        Own,
    );
    check("github.com/gin-gonic/gin.(*Engine).ServeHTTP", "", "", "github.com/gin-gonic/gin", Unknown);
    check("net/http.(*conn).serve", "", "", "net/http", Std);
    // The toolchain of Go can be installed as a package of Python.
    check("slices.Sort", "/v/lib/python3.11/site-packages/go/src/slices/sort.go", "", "slices", Std);
}

#[test]
fn java_frames_are_told_apart_by_their_packages() {
    check("java.util.HashMap.get", "HashMap.java", "", "java.util", Std);
    check("jdk.internal.misc.Unsafe.park", "", "", "jdk.internal.misc", Std);
    check("java/lang/Thread.run", "", "", "java/lang", Std);
    check(
        "org.springframework.web.servlet.DispatcherServlet.doDispatch",
        "DispatcherServlet.java",
        "",
        "org.springframework.web.servlet",
        Lib,
    );
    check("com.acme.shop.Cart.total", "Cart.java", "", "com.acme.shop", Own);
    check("com.acme.shop.Cart$Line.lambda$total$0", "Cart.kt", "", "com.acme.shop", Own);
    check("com.acme.shop.Cart.total", "", "", "com.acme.shop", Unknown);
    check("com.acme.shop.Cart.total", "com/acme/shop/Cart.java", "", "com.acme.shop", Own);
    check("org.acme.shop.Cart.total", "org/acme/shop/Cart.java", "", "org.acme.shop", Own);
    check(
        "org.apache.kafka.clients.Metadata.fetch",
        "org/apache/kafka/clients/Metadata.java",
        "",
        "org.apache.kafka.clients",
        Lib,
    );
    check("org/apache/kafka/clients/Metadata.fetch", "", "", "org/apache/kafka/clients", Lib);
    check(
        "datadog.trace.core.DDSpan.finish",
        "datadog/trace/core/DDSpan.java",
        "",
        "datadog.trace.core",
        Lib,
    );
    check("Main.main", "Main.java", "", "", Own);
    check("G1ParScanThreadState::trim_queue", "<native>", "", "jvm", Runtime);
    check("__GI_write", "<native>", "", "native", Native);
    check("CompileBroker::compile", "", "/opt/jdk/lib/server/libjvm.so", "libjvm", Runtime);
}

#[test]
fn dotnet_ruby_php_and_rust_frames_are_told_apart() {
    check(
        "System.Threading.Thread.StartCallback",
        "",
        "System.Private.CoreLib.dll",
        "System.Private.CoreLib",
        Std,
    );
    check(
        "Microsoft.AspNetCore.Hosting.Run",
        "",
        "Microsoft.AspNetCore.Hosting.dll",
        "Microsoft.AspNetCore.Hosting",
        Lib,
    );
    check("System.Text.Json.Utf8JsonReader.Read", "", "", "System.Text.Json", Std);
    check("Shop.Cart.Total", "/src/Shop/Cart.cs", "", "/src/Shop", Own);
    check("call", "/usr/lib/ruby/gems/3.2.0/gems/rack-3.0.8/lib/rack/builder.rb", "", "rack", Lib);
    check(
        "call",
        "/app/vendor/bundle/ruby/3.2.0/bundler/gems/my-gem-0a1b2c3d4e5f/lib/x.rb",
        "",
        "my-gem",
        Lib,
    );
    check("select", "/usr/lib/ruby/3.2.0/set.rb", "", "ruby", Std);
    check("times", "<internal:numeric>", "", "ruby", Std);
    check("index", "/app/controllers/shop.rb", "", "/app/controllers", Own);
    check("Kernel::handle", "/app/vendor/symfony/http-kernel/HttpKernel.php", "", "symfony/http-kernel", Lib);
    check("Shop::total", "/app/src/Shop.php", "", "/app/src", Own);
    check("standard|strlen", "", "", "standard", Std);
    check(
        "<alloc::vec::Vec<T> as core::ops::Drop>::drop",
        "/rustc/0123/library/alloc/src/vec/mod.rs",
        "",
        "alloc",
        Std,
    );
    check(
        "tokio::task::poll",
        "/home/dev/.cargo/registry/src/index-6f17d22bba15001f/tokio-1.40.0/src/task.rs",
        "",
        "tokio",
        Lib,
    );
    check("shop::cart::total", "/src/shop/src/cart.rs", "/usr/local/bin/shop", "shop", Own);
    check("std::vector<int>::push_back", "/usr/include/c++/12/bits/stl_vector.h", "/srv/shop", "std", Std);
}

#[test]
fn native_and_kernel_frames_are_told_by_their_modules() {
    check("do_syscall_64", "", "[kernel.kallsyms]", "kernel", Kernel);
    check("entry_SYSCALL_64", "[kernel.kallsyms]", "", "kernel", Kernel);
    check("clock_gettime", "", "[vdso]", "kernel", Kernel);
    check("tcp_sendmsg", "", "/usr/lib/debug/boot/vmlinux-6.1.0", "kernel", Kernel);
    check("nf_hook", "", "/lib/modules/6.1/kernel/net/nf.ko.xz", "kernel", Kernel);
    check("malloc", "./malloc/malloc.c", "/lib/x86_64-linux-gnu/libc-2.31.so", "libc", Native);
    check("work", "/src/shop/work.cc", "/srv/bin/shop", "shop", Own);
    check("", "", "/usr/lib/libz.so.1", "libz", Native);
    check("", "", "", "", Unknown);
}

#[test]
fn what_a_process_tells_of_its_libraries_goes_first() {
    let mut libraries = Libraries::new();
    let library = |name: &str, kind| Library { name: name.to_owned(), kind };
    libraries.add(library("python", Std), ["/opt/py/lib/python3.12", "<frozen io>"]);
    libraries.add(library("opentelemetry-api", Lib), ["/v/site-packages/opentelemetry/trace", "/v/x.py"]);
    libraries.add(library("opentelemetry-sdk", Lib), ["/v/site-packages/opentelemetry/sdk/", "/v/x.py"]);
    let check = |file: &str, package: &str, kind| {
        let origin = Origin::of("f", file, "", &libraries);
        assert_eq!((origin.package.as_ref(), origin.kind), (package, kind), "{file}");
    };
    check("/v/site-packages/opentelemetry/trace/span.py", "opentelemetry-api", Lib);
    check("/v/site-packages/opentelemetry/sdk/trace.py", "opentelemetry-sdk", Lib);
    check("/v/site-packages/opentelemetry/sdkx/trace.py", "opentelemetry", Lib);
    check("/v/x.py", "opentelemetry-api", Lib);
    check("/opt/py/lib/python3.12/json/encoder.py", "python", Std);
    check("/opt/py/lib/python3.12/site-packages/flask/app.py", "flask", Lib);
}

#[test]
fn a_package_is_the_sum_of_its_functions() {
    let mut profile = Profile::new(Vec::new());
    let mut frame = |name: &str, file: &str| {
        let (function, file) = (profile.strings.intern(name), profile.strings.intern(file));
        profile.frames.intern(Frame { function, file, ..Frame::default() })
    };
    let frames = [
        frame("runtime.gcDrain", "runtime/mgc.go"),
        frame("runtime.mallocgc", "runtime/malloc.go"),
        frame("main.run", "/srv/main.go"),
    ];
    let packages = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Package);
    let [drain, malloc, main] = frames.map(|frame| packages.of(frame));
    assert_eq!(drain, malloc);
    assert_ne!(drain, main);
    // Of the kinds of a package the one counts that a reader can do most about.
    assert_eq!(packages.get(drain).kind, Std);
    assert_eq!((packages.name(main), packages.get(main).kind), ("main", Own));
}
