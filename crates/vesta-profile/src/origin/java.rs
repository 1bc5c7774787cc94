//! The JVM: classes are named by their packages, whatever language they were written in.

use super::Origin;
use super::name::java_package;
use crate::FrameKind;

/// Packages that come with the JDK or with a language.
const STANDARD: [&str; 11] = [
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "com.oracle.graal.",
    "com.oracle.svm.",
    "kotlin.",
    "scala.",
    "groovy.lang.",
    "clojure.core",
];

/// Packages of well-known libraries: no file says what a package manager brought.
const LIBRARIES: [&str; 96] = [
    "akka.",
    "android.",
    "androidx.",
    "antlr.",
    "brave.",
    "cats.",
    "ch.qos.logback.",
    "clojure.",
    "co.elastic.",
    "com.amazonaws.",
    "com.azure.",
    "com.clickhouse.",
    "com.codahale.metrics.",
    "com.couchbase.",
    "com.datadog.",
    "com.datadoghq.",
    "com.datastax.",
    "com.ecwid.",
    "com.esotericsoftware.",
    "com.fasterxml.",
    "com.github.benmanes.caffeine.",
    "com.github.luben.zstd.",
    "com.google.",
    "com.hazelcast.",
    "com.ibm.icu.",
    "com.jayway.",
    "com.lmax.disruptor.",
    "com.microsoft.sqlserver.",
    "com.mongodb.",
    "com.mysql.",
    "com.netflix.",
    "com.newrelic.",
    "com.rabbitmq.",
    "com.squareup.",
    "com.typesafe.",
    "com.zaxxer.",
    "datadog.",
    "ddtrot.",
    "dev.morphia.",
    "feign.",
    "freemarker.",
    "graphql.",
    "groovy.",
    "io.airlift.",
    "io.dropwizard.",
    "io.github.resilience4j.",
    "io.grpc.",
    "io.helidon.",
    "io.jsonwebtoken.",
    "io.ktor.",
    "io.kubernetes.",
    "io.lettuce.",
    "io.micrometer.",
    "io.micronaut.",
    "io.netty.",
    "io.opentelemetry.",
    "io.prometheus.",
    "io.pyroscope.",
    "io.quarkus.",
    "io.r2dbc.",
    "io.reactivex.",
    "io.smallrye.",
    "io.swagger.",
    "io.undertow.",
    "io.vavr.",
    "io.vertx.",
    "jakarta.",
    "jersey.",
    "javassist.",
    "jnr.",
    "joptsimple.",
    "kafka.",
    "kotlinx.",
    "liquibase.",
    "lombok.",
    "net.bytebuddy.",
    "net.jpountz.",
    "net.sf.",
    "net.spy.",
    "okhttp3.",
    "okio.",
    "one.profiler.",
    "one.nio.",
    "play.",
    "reactor.",
    "redis.clients.",
    "retrofit2.",
    "ring.",
    "rx.",
    "scalaz.",
    "shadow.",
    "software.amazon.",
    "spray.",
    "swagger.",
    "zio.",
    "zipkin2.",
];

/// What libraries under `org` are called: everybody may have a name there.
const ORGANIZATIONS: [&str; 48] = [
    "antlr",
    "aopalliance",
    "apache",
    "apereo",
    "asynchttpclient",
    "aspectj",
    "bouncycastle",
    "bson",
    "checkerframework",
    "codehaus",
    "cometd",
    "conscrypt",
    "eclipse",
    "ehcache",
    "elasticsearch",
    "flywaydb",
    "glassfish",
    "h2",
    "hibernate",
    "hsqldb",
    "http4s",
    "infinispan",
    "iq80",
    "jaxen",
    "jboss",
    "jctools",
    "jdbi",
    "jetbrains",
    "joda",
    "jooq",
    "json",
    "jsoup",
    "junit",
    "koin",
    "mariadb",
    "mockito",
    "modelmapper",
    "mongodb",
    "objectweb",
    "opensearch",
    "postgresql",
    "quartz",
    "redisson",
    "rocksdb",
    "slf4j",
    "springframework",
    "xerial",
    "yaml",
];

/// How native functions begin that are the JVM's own: classes of HotSpot, and its entries for Java.
const HOTSPOT: [&str; 44] = [
    "AbstractInterpreter",
    "BarrierSet",
    "C1_",
    "C2Compiler",
    "CallNode",
    "CardTable",
    "ClassFileParser",
    "ClassVerifier",
    "CodeCache",
    "CodeHeap",
    "CollectedHeap",
    "Compile::",
    "CompileBroker",
    "Compiler::",
    "ConcurrentGC",
    "ConcurrentMark",
    "ConnectionGraph",
    "Deoptimization",
    "G1",
    "GangWorker",
    "GraphBuilder",
    "InstanceKlass",
    "InterpreterRuntime",
    "JVM_",
    "JavaThread",
    "LinkResolver",
    "LinearScan",
    "Matcher",
    "ObjectMonitor",
    "ObjectSynchronizer",
    "OptoRuntime",
    "PSPromotion",
    "ParallelGC",
    "Parse::",
    "Phase",
    "SafepointSynchronize",
    "SharedRuntime",
    "ShenandoahHeap",
    "SymbolTable",
    "SystemDictionary",
    "Unsafe_",
    "VMThread",
    "WorkerThread",
    "ZMark",
];

/// Classes of the JDK and of libraries, in files of the JVM's languages or without a file, and what the JVM does itself.
pub(super) fn origin<'a>(name: &'a str, file: &'a str) -> Option<Origin<'a>> {
    if file == "<native>" {
        let is_jvm = HOTSPOT.iter().any(|start| name.starts_with(start));
        return is_jvm.then(|| Origin::new("jvm", FrameKind::Runtime));
    }
    if !file.is_empty() && !is_source(file) {
        return None;
    }
    let kind = if STANDARD.iter().any(|start| is_within(name, start)) {
        FrameKind::StandardLibrary
    } else if LIBRARIES.iter().any(|start| is_within(name, start)) || is_known_organization(name) {
        FrameKind::Library
    } else {
        return None;
    };
    // Other languages without files have such names too, but not with a class in them.
    let package = java_package(name);
    (!file.is_empty() || !package.is_empty()).then(|| Origin::new(package, kind))
}

/// Whether a file is one of a language of the JVM.
pub(super) fn is_source(file: &str) -> bool {
    matches!(file.rsplit_once('.'), Some((_, "java" | "kt" | "kts" | "scala" | "groovy" | "clj")))
}

fn is_known_organization(name: &str) -> bool {
    let rest = name.strip_prefix("org.").or_else(|| name.strip_prefix("org/"));
    rest.and_then(|rest| rest.split(['.', '/']).next()).is_some_and(|part| ORGANIZATIONS.contains(&part))
}

/// Whether a name begins with a package; profilers separate its parts by dots or by slashes.
fn is_within(name: &str, package: &str) -> bool {
    let plain = |byte: u8| if byte == b'/' { b'.' } else { byte };
    let name = name.as_bytes();
    name.len() > package.len() && package.bytes().zip(name).all(|(wanted, &byte)| plain(byte) == wanted)
}
