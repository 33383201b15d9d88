#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# package.sh TOOL SCRATCH: what surrounds the code agrees with it: help texts,
# man page, completion, udev rules, header, installation, terminals

set -u
tool=$(realpath "$1")
scratch=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
top=$(dirname "$here")
# shellcheck source=userspace/tests/tap.sh
. "$here/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/fake-root" "$work/root" || exit 1
export EXDMA_SYSFS=$work/root/sys EXDMA_DEV=$work/root/dev
man=$top/man/exdma.1

# ---- help, man page, completion ----

check "--version" test "$("$tool" --version)" = "exdma $VERSION"
check "--help and help say the same" test "$("$tool" --help)" = "$("$tool" help)"
commands=$("$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p' | grep -v '^help$')
check "there are commands" test "$(wc -w <<<"$commands")" -ge 7

# "-c --card CARD" and the like, sorted
options_of_help() # COMMAND
{
	"$tool" "$1" --help | sed -n '/^Options:/,$p' |
		sed -nE 's/^  (-.,|   ) (--[a-z-]+( [A-Z]+)?).*/\1 \2/p' |
		sed -E 's/,//; s/ +/ /g; s/^ //' | sort
}

options_of_man() # COMMAND
{
	sed -n "/^\.SS exdma $1\b/,/^\.S[SH] /p" "$man" |
		grep -A 1 '^\.TP' | grep '\\-\\-' |
		sed -E 's/^\.[A-Z]+ //; s/"//g; s/\\f.//g; s/\\-/-/g; s/,//; s/ +/ /g' |
		sort
}

for command in $commands; do
	check "$command: --help and help say the same" \
		test "$("$tool" "$command" --help)" = "$("$tool" help "$command")"
	options=$(options_of_help "$command")
	check "$command: the man page has the options of --help" \
		diff <(echo "$options") <(options_of_man "$command")
	check "$command: help fits 80 columns" \
		test -z "$("$tool" "$command" --help | grep -E '.{80}')"
	operands=$("$tool" "$command" --help | sed -nE "1s/^Usage: exdma $command \[OPTION\]\.\.\. ?//p")
	check "$command: the man page has its operands" \
		grep -qxF ".SS exdma $command${operands:+ ${operands/%FILE|-/FILE}}" "$man"
done
check "the man page names no option that is not there" \
	test -z "$(comm -13 <(for c in $commands; do "$tool" "$c" --help; done | grep -oE -- '--[a-z-]+' | sort -u) \
			    <(sed 's/\\-/-/g' "$man" | grep -oE -- '--[a-z-]+' | grep -vx -- --version | sort -u))"

# ---- man pages of the library and of the nodes ----

include=(-I"$top/lib" -I"$top/../uapi")
functions=$(sed -nE 's/^\t(exdma_[a-z0-9_]+);$/\1/p' "$top/lib/exdma.map" | sort)

# one prototype in a line, without white space and names of arguments
prototypes()
{
	tr -d '\n' | sed 's/;/;\n/g' | sed -nE 's/[[:space:]]+//g; s/^_Bool/bool/; /exdma_[a-z_]+\(.*\);$/p' | sort
}

check "the header declares functions" test "$(wc -w <<<"$functions")" -ge 31
if command -v man >/dev/null && command -v groff >/dev/null; then
	check "man pages are clean" test -z "$(
		for page in "$top"/man/*.[1-9]; do
			MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null
		done)"
	check "man pages have the header's prototypes" diff \
		<("$CC" -E -P "${include[@]}" -x c "$top/lib/exdma/exdma.h" | sed '/^#/d' | prototypes) \
		<(for page in "$top"/man/exdma_*.3; do
			MANWIDTH=200 man -l "$page" | col -bx |
				sed -n '/^SYNOPSIS/,/^DESCRIPTION/{/^ /p}' | sed '/#include/d'
		done | prototypes)
else
	skip "man pages are clean" "no man"
	skip "man pages have the header's prototypes" "no man"
fi
if command -v mandoc >/dev/null; then
	# they have no date, which it would like
	check "mandoc finds them clean" test -z "$(mandoc -T lint -W warning "$top"/man/*.[1-9] |
		grep -v 'missing date')"
else
	skip "mandoc finds them clean" "no mandoc"
fi
uapi=$top/../uapi/linux/exdma.h
check "the man page of the nodes has what the ioctls have, and nothing else" diff \
	<(sed -nE 's/^#define (EXDMA_[A-Z0-9_]+).*/\1/p' "$uapi" | grep -vx EXDMA_IOC_MAGIC | sort -u) \
	<(grep -oE 'EXDMA_[A-Z0-9_]+' "$top/man/exdma.4" | sort -u)
# size is said once for all, reserved has no meaning
check "and each member of their structures" test -z "$(
	sed -nE 's/^\t(__[us](32|64)|char) ([a-z0-9_]+).*;$/\3/p' "$uapi" | grep -vx -e size -e reserved |
		while read -r member; do
			grep -qE "^\.I(R|) .*\b$member\b" "$top/man/exdma.4" || echo "$member"
		done)"

# ---- completion ----

complete_words() # WORD...
{
	PATH=$(dirname "$tool"):$PATH bash -c '
		. "$0"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_exdma
		echo "${COMPREPLY[*]}"' "$top/completion/exdma.bash" "$@"
}
check "completion knows commands" test "$(complete_words exdma be)" = bench
check "completion knows options" test "$(complete_words exdma write --ve)" = --verify
check "completion knows options without letters" test "$(complete_words exdma bench --s)" = "--size --span"
check "completion knows what can be watched" test "$(complete_words exdma watch ev)" = events
check "completion knows commands to trace" test "$(complete_words exdma trace -- mkfif)" = mkfifo
check "completion knows options of new commands" test "$(complete_words exdma top --on)" = --once
check "completion knows directions" test "$(complete_words exdma bench -d h)" = h2c
if command -v zsh >/dev/null; then
	# what the functions that the completion asks are given
	complete_zsh() # WORD...
	{
		PATH=$(dirname "$tool"):$PATH zsh -fc '
			_describe() { print -l -- "${(@P)@[-1]}" }
			_values() { print -l -- "${@:2}" }
			_files() { print files }
			_normal() { print "normal $CURRENT $words" }
			completion=$1
			shift
			words=("$@") CURRENT=$#
			source $completion' zsh "$top/completion/exdma.zsh" "$@"
	}
	check "zsh completion knows commands" grep -q '^bench:measure' <(complete_zsh exdma be)
	check "zsh completion knows options" grep -q -- '^--verify:read each piece' <(complete_zsh exdma write --ve)
	check "zsh completion knows what can be watched" test "$(complete_zsh exdma watch ev)" = events
	check "zsh completion leaves commands to trace to others" \
		test "$(complete_zsh exdma trace -T 1 -- dd if=)" = "normal 2 dd if="
	check "zsh completion knows directions" grep -qx h2c <(complete_zsh exdma bench -d h)
else
	skip "zsh completion" "no zsh"
fi
if command -v shellcheck >/dev/null; then
	check "shell scripts are clean" shellcheck -x -P "$top/.." -s bash \
		"$top/completion/exdma.bash" "$here"/*.sh "$here/run" "$here/fake-root"
else
	skip "shell scripts are clean" "no shellcheck"
fi

# ---- header and installation ----

check "the header is C11 by itself" \
	"$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only "${include[@]}" \
	-x c "$top/lib/exdma/exdma.h"
if command -v g++ >/dev/null; then
	check "the header is C++ by itself" \
		g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
		"${include[@]}" -x c++ "$top/lib/exdma/exdma.h"
else
	skip "the header is C++ by itself" "no g++"
fi

# as "make check" made it; and make cannot have spaces in it
product=$(realpath --relative-to="$top" "$scratch/check/product")
installed=$work/root.d/usr
make -s -C "$top" O="$product" WARN= install DESTDIR="$work/root.d" PREFIX=/usr >/dev/null
check "install puts everything in its place" diff - \
	<(cd "$work/root.d" && find . ! -type d ! -path '*/man3/exdma_*' | sort) <<END
./usr/bin/exdma
./usr/include/exdma/exdma.h
./usr/include/linux/exdma.h
./usr/lib/libexdma.a
./usr/lib/libexdma.so
./usr/lib/libexdma.so.0
./usr/lib/libexdma.so.0.$VERSION
./usr/lib/pkgconfig/libexdma.pc
./usr/lib/sysusers.d/exdma.conf
./usr/lib/udev/rules.d/70-exdma.rules
./usr/share/bash-completion/completions/exdma
./usr/share/doc/exdma/examples/README.md
./usr/share/doc/exdma/examples/events.py
./usr/share/doc/exdma/examples/list.c
./usr/share/doc/exdma/examples/numpy_memory.py
./usr/share/doc/exdma/examples/peek.py
./usr/share/doc/exdma/examples/uring.c
./usr/share/man/man1/exdma.1
./usr/share/man/man3/libexdma.3
./usr/share/man/man4/exdma.4
./usr/share/zsh/site-functions/_exdma
END
check "each function has a man page, and each page a function" diff <(echo "$functions") \
	<(cd "$installed/share/man/man3" && printf '%s\n' exdma_* | sed 's/\.3$//' | sort)
check "no page leads to nowhere" test -z "$(find -L "$installed/share/man" -type l)"
check "the page of the library names all of them" diff <(echo "$functions") \
	<(grep -oE 'exdma_[a-z_]+ \(3\)' "$top/man/libexdma.3" | sed 's/ .*//' | sort -u)
cat >"$work/user.c" <<'END'
#include <exdma/exdma.h>
#include <stdio.h>
int main(void)
{
	const struct exdma_roots roots = { "/nowhere", NULL };

	puts(exdma_cards_new(&roots) ? "cards" : "none");
	return 0;
}
END
check "a program builds against what is installed" \
	"$CC" -I"$installed/include" -o "$work/user" "$work/user.c" \
	"$installed/lib/libexdma.a"
check "and runs" test "$("$work/user")" = none
check "so it does with the shared library" \
	"$CC" -I"$installed/include" -o "$work/shared" "$work/user.c" \
	-L"$installed/lib" -lexdma
check "and runs with it" test "$(LD_LIBRARY_PATH=$installed/lib "$work/shared")" = none
check "and asks the loader for the name with the number" \
	grep -q 'NEEDED.*\[libexdma\.so\.0\]' <(readelf -d "$work/shared")
check "and for the version of what it calls" \
	grep -q 'exdma_cards_new@EXDMA_0\.1' <(readelf -sW "$work/shared")
sed -n '/^\.EX/,/^\.EE/p' "$top/man/libexdma.3" | sed '/^\.E/d; s/\\e/\\/g; s/\\-/-/g' >"$work/page.c"
check "so does the program in the man page" \
	"$CC" -Wall -Wextra -Werror -I"$installed/include" -o "$work/page" "$work/page.c" \
	"$installed/lib/libexdma.a"
if command -v g++ >/dev/null; then
	# C++ compilers give functions other names unless the header says no
	{
		sed '/return 0/d; /^}/d' "$work/user.c"
		echo "	const void *all[] = {"
		# shellcheck disable=SC2086 # words
		printf '		reinterpret_cast<const void *>(&%s),\n' $functions
		printf '	};\n	return all[0] && EXDMA_IOC_RESET ? 0 : 1;\n}\n'
	} >"$work/user.cc"
	cxx=(g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$installed/include")
	check "a program in C++ that takes every function builds with the shared library" \
		"${cxx[@]}" -o "$work/cxx" "$work/user.cc" -L"$installed/lib" -lexdma
	check "and runs in C++" test "$(LD_LIBRARY_PATH=$installed/lib "$work/cxx")" = none
	check "so it does with the static library" \
		"${cxx[@]}" -o "$work/cxx-static" "$work/user.cc" "$installed/lib/libexdma.a"
	check "and runs without the shared one" test "$("$work/cxx-static")" = none
else
	skip "a program in C++ builds" "no g++"
fi
if command -v pkg-config >/dev/null; then
	export PKG_CONFIG_PATH=$installed/lib/pkgconfig
	check "pkg-config knows the version" \
		test "$(pkg-config --modversion libexdma)" = "$VERSION"
	# shellcheck disable=SC2046 # words
	check "a program builds with what pkg-config says" \
		"$CC" -o "$work/asked" "$work/user.c" \
		$(pkg-config --define-variable=prefix="$installed" --cflags --libs libexdma)
else
	skip "pkg-config knows the version" "no pkg-config"
fi
# a static library shows all its names to the programs that use it
check "the library defines no names of others" \
	test -z "$(nm -g --defined-only "$installed/lib/libexdma.a" | awk 'NF == 3 && $3 !~ /^(exdma|sysfs)_/')"
check "the shared library defines what the header declares, and nothing else" \
	diff <("$CC" -E -P "${include[@]}" -x c "$top/lib/exdma/exdma.h" |
		grep -oE '\bexdma_[a-z_]+ ?\(' | tr -d ' (' | sort -u) \
	<(nm -D --defined-only "$installed/lib/libexdma.so" |
		sed -nE 's/.* T ([a-z_]+)@@EXDMA_[0-9.]+$/\1/p' | sort)
check "and all of it has a version" \
	test -z "$(nm -D --defined-only "$installed/lib/libexdma.so" | grep -v -e '@@EXDMA_' -e ' A EXDMA_')"
make -s -C "$top" O="$product" WARN= uninstall DESTDIR="$work/root.d" PREFIX=/usr >/dev/null
check "uninstall leaves nothing" test -z "$(find "$work/root.d" ! -type d)"
make -s -C "$top" O="$product" WARN= install DESTDIR="$work/root.d" PREFIX=/usr LIBDIR=/usr/lib/here >/dev/null
check "libraries go where LIBDIR says" test -e "$installed/lib/here/libexdma.so"
check "which pkg-config's file knows" \
	grep -qx "libdir=.{prefix}/lib/here" "$installed/lib/here/pkgconfig/libexdma.pc"
if command -v udevadm >/dev/null && udevadm verify --help >/dev/null 2>&1; then
	check "udev rules are clean" udevadm verify --resolve-names=never "$top/udev/70-exdma.rules"
else
	skip "udev rules are clean" "no udevadm verify"
fi

# ---- terminals ----

# on_terminal FD COMMAND...: with a terminal as that descriptor; prints what
# went to it, and exits with the command's status
on_terminal()
{
	python3 -c '
import os, pty, subprocess, sys
master, slave = pty.openpty()
fd = int(sys.argv[1])
files = [subprocess.DEVNULL] * 3
files[fd] = slave
if fd == 0:
    files[2] = sys.stdout
child = subprocess.Popen(sys.argv[2:], stdin=files[0], stdout=files[1], stderr=files[2])
os.close(slave)
seen = b""
while fd == 2:
    try:
        piece = os.read(master, 65536)
    except OSError:
        break
    if not piece:
        break
    seen += piece
sys.stdout.write(seen.decode())
sys.exit(child.wait())
' "$@"
}

if command -v python3 >/dev/null; then
	printf 'precious' >"$work/root/dev/exdma0"
	said=$(on_terminal 0 "$tool" test -c 0 --size 4K)
	check "test asks a person for --yes" test "$? $(grep -c -- 'exdma test --yes' <<<"$said")" = "2 1"
	said=$(on_terminal 0 "$tool" bench -c 0 -N 1)
	check "bench asks a person for --yes" test "$? $(grep -c -- 'exdma bench --yes' <<<"$said")" = "2 1"
	said=$(on_terminal 0 "$tool" reset -c 0)
	check "reset asks a person for --yes" test "$? $(grep -c -- 'exdma reset --yes' <<<"$said")" = "2 1"
	check "until then nothing is written" test "$(cat "$work/root/dev/exdma0")" = precious
	on_terminal 0 "$tool" bench -c 0 -d c2h -N 1 -s 8 --span 8 -w 0 >/dev/null
	check "bench of reads needs no --yes" test $? = 0
	on_terminal 0 "$tool" test -c 0 --size 4K --yes >/dev/null
	check "test --yes goes on" test $? = 0

	head -c 3000000 /dev/zero >"$work/zeros"
	said=$(on_terminal 2 "$tool" write -c 0 0 "$work/zeros")
	check "progress is drawn on a terminal" grep -q '^.*write  \[.*#\] 100%  2.9 MiB' <<<"$said"
	said=$(on_terminal 2 "$tool" write -c 0 --no-progress 0 "$work/zeros")
	check "--no-progress draws none" test -z "$said"
	said=$(on_terminal 2 "$tool" test -c 1 -n 0 -p address --yes | tr '\r' '\n')
	check "an error begins on a line of its own" grep -q '^exdma: wrong byte' <<<"$said"
else
	skip "terminals" "no python3"
fi

finish
