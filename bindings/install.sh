#!/bin/sh
# Installs the library, its headers, and the package files for pkg-config and CMake.
#
#   PREFIX   where to (/usr/local)            LIBDIR  where the libraries go (PREFIX/lib)
#   DESTDIR  put in front of every path, for packagers
#   BUILT    where the libraries were built (target/release)
set -eu
cd "$(dirname "$0")/.."

PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-$PREFIX/lib}
BUILT=${BUILT:-${CARGO_TARGET_DIR:-target}/release}
DESTDIR=${DESTDIR:-}

version=$(sed -n 's/^#define MCP_VERSION "\(.*\)"/\1/p' include/mcpserver.h)
abi=$(sed -n 's/^#define MCP_ABI_VERSION \([0-9]*\)/\1/p' include/mcpserver.h)
[ -n "$version" ] && [ -n "$abi" ] || { echo "include/mcpserver.h tells no version" >&2; exit 1; }

lib=$DESTDIR$LIBDIR
include=$DESTDIR$PREFIX/include
mkdir -p "$lib/pkgconfig" "$lib/cmake/mcpserver" "$include"

install -m 755 "$BUILT/libmcpserver.so" "$lib/libmcpserver.so.$version"
ln -sf "libmcpserver.so.$version" "$lib/libmcpserver.so.$abi"
ln -sf "libmcpserver.so.$abi" "$lib/libmcpserver.so"
install -m 644 "$BUILT/libmcpserver.a" "$lib/libmcpserver.a"
for header in include/*.h include/*.hpp; do
    [ ! -e "$header" ] || install -m 644 "$header" "$include/"
done

# What rustc names as needed by the static library (--print native-static-libs).
static_libraries="-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc"
fill() {
    sed -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" \
        -e "s|@STATIC_LIBRARIES@|$static_libraries|g" \
        -e "s|@POINTER_BYTES@|$(($(getconf LONG_BIT) / 8))|g" \
        -e "s|@FROM_PKGCONFIG@|$(realpath -m --relative-to="$LIBDIR/pkgconfig" "$PREFIX")|g" \
        -e "s|@FROM_CMAKE@|$(realpath -m --relative-to="$LIBDIR/cmake/mcpserver" "$PREFIX")|g" \
        "$1" >"$2"
    chmod 644 "$2"
}
fill bindings/pkgconfig/mcpserver.pc.in "$lib/pkgconfig/mcpserver.pc"
for file in mcpserverConfig mcpserverConfigVersion; do
    fill "bindings/cmake/$file.cmake.in" "$lib/cmake/mcpserver/$file.cmake"
done
echo "installed mcpserver $version in $DESTDIR$PREFIX"
