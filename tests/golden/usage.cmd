# SPDX-License-Identifier: GPL-3.0-or-later
# Wrong verbs, options and files are answered with what would be right.
try() { echo "\$ engram $*"; echo "\$ engram $*" >&2; rc=0; engram "$@" || rc=$?; echo "exit $rc"; }
try
try rnu x.yaml
try --frobnicate
try run
try run --ouput=x.h5 x.yaml
try run -o
try run gone.yaml
try compare gone.h5
try list polices
