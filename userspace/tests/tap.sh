# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# tap.sh - sourced by the tests of the tool: one line of TAP for each check

number=0
failures=0

pass() # NAME
{
	number=$((number + 1))
	echo "ok $number - $1"
}

fail() # NAME [DETAIL]
{
	number=$((number + 1))
	failures=$((failures + 1))
	# shellcheck disable=SC2001
	[[ -z ${2-} ]] || sed 's/^/# /' <<<"$2"
	echo "not ok $number - $1"
}

skip() # NAME WHY
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# check NAME COMMAND...: the command succeeds
check()
{
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "$* said: $said"
	fi
}

# fails NAME STATUS PATTERN COMMAND...: exits with STATUS, nothing but clean
# lines on stderr, and one of them matches PATTERN
fails()
{
	local name=$1 status=$2 pattern=$3 said got=0
	shift 3
	said=$("$@" 2>&1 >/dev/null) || got=$?
	if [[ $got == "$status" ]] && grep -q -- "$pattern" <<<"$said" &&
	   ! grep -qv '^exdma: ' <<<"$said"; then
		pass "$name"
	else
		fail "$name" "status $got, not $status; $* said: $said"
	fi
}

finish()
{
	echo "1..$number"
	((failures == 0))
}
