#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A result opens in the tools of others, without code of ours: ncdump, nco, xarray with both engines, h5py, netCDF4.
# Needs tests/make_result; readers that are not installed are skipped one by one.
set -u
. "${SRCDIR:-$(dirname "$0")/../..}/tests/tap.sh"
make_result=$BUILDDIR/tests/make_result


"$make_result" "$tmp/r.h5"
result $? "a result with a sweep is written"
"$make_result" "$tmp/one.h5" --single --seeds 1
result $? "a result without a sweep is written"
# uninitialised memory in a file would show: glibc fills what malloc returns with the byte given
MALLOC_PERTURB_=85 "$make_result" "$tmp/p.h5" && MALLOC_PERTURB_=170 "$make_result" "$tmp/q.h5" --reverse &&
	cmp "$tmp/p.h5" "$tmp/q.h5" && cmp "$tmp/p.h5" "$tmp/r.h5"
result $? "equal runs give equal bytes, whatever the heap holds and whichever cell finished first"

if command -v ncdump >/dev/null 2>&1; then
	test "$(ncdump -k "$tmp/r.h5")" = netCDF-4
	result $? "ncdump takes it for netCDF-4"
	ncdump -h "$tmp/r.h5" >"$tmp/header" 2>"$tmp/errors" && test ! -s "$tmp/errors"
	result $? "ncdump -h reads the header"
	! grep -q phony_dim "$tmp/header" &&
		grep -q 'double fault_latency__cow__p99(policy__page_allocator, policy__thp, seed)' "$tmp/header" &&
		grep -q 'double tlb__miss_ratio(policy__page_allocator, policy__thp, seed, time)' "$tmp/header" &&
		grep -q 'fault_latency__cow__p99:units = "ns"' "$tmp/header" &&
		grep -q 'fault_latency__cow__p99:long_name = "fault_latency.cow.p99"' "$tmp/header" &&
		grep -q 'free_blocks_of_type(policy__page_allocator, policy__thp, seed, time, zone, migratetype, order)' "$tmp/header" &&
		grep -q ':schema_version = 1' "$tmp/header"
	result $? "dimensions, units and names are where they belong"
	ncdump "$tmp/r.h5" >"$tmp/data" 2>"$tmp/errors" && test ! -s "$tmp/errors" && grep -q '"llfree"' "$tmp/data"
	result $? "ncdump reads the data"
	ncdump -h "$tmp/one.h5" 2>&1 | grep -q 'double run__elapsed(seed)'
	result $? "ncdump reads a result without a sweep"
else
	skip "no ncdump"
fi
if command -v ncwa >/dev/null 2>&1; then
	ncwa -a time -g series "$tmp/r.h5" "$tmp/mean.nc" 2>"$tmp/errors" && test -s "$tmp/mean.nc"
	result $? "ncwa averages over time"
	ncks -d time,0,3 -g series "$tmp/r.h5" "$tmp/cut.nc" 2>"$tmp/errors" && test -s "$tmp/cut.nc"
	result $? "ncks cuts along time"
else
	skip "no nco"
fi

if [ -z "${PYTHON_READERS:-}" ]; then
	skip "no python with h5py and xarray"
else
	for engine in netcdf4 h5netcdf; do
		"$PYTHON_READERS" - "$tmp/r.h5" "$tmp/one.h5" $engine 2>"$tmp/errors" <<-'END'
			import sys, importlib
			path, one, engine = sys.argv[1:]
			try:
			    importlib.import_module({"netcdf4": "netCDF4", "h5netcdf": "h5netcdf"}[engine])
			except ImportError:
			    sys.exit(77)
			import numpy as np, xarray as xr
			s = xr.open_dataset(path, group="summary", engine=engine)
			v = s["fault_latency__cow__p99"]
			assert v.dims == ("policy__page_allocator", "policy__thp", "seed"), v.dims
			assert list(s["policy__page_allocator"].values) == ["linux", "llfree"]
			assert list(s["seed"].values) == [1, 2, 3, 4, 5]
			r = float((v.sel(policy__page_allocator="llfree") / v.sel(policy__page_allocator="linux")).mean())
			assert 0.5 < r < 0.9, r
			assert np.isnan(s["reclaim__efficiency"].values).all()
			t = xr.open_dataset(path, group="series", engine=engine)
			x = t["free__pages"].sel(policy__page_allocator="llfree", policy__thp="never", seed=3)
			assert t["time"].dtype == np.float64 and t["time"].attrs["units"] == "ns"
			assert float(t["time"][0]) == 1e7
			assert int(np.isfinite(x).sum()) == 91, int(np.isfinite(x).sum())
			h = xr.open_dataset(path, group="latency", engine=engine)
			assert float(h["fault_latency__cow"].isel(seed=0).sum()) == 4 * 1500
			b = xr.open_dataset(path, group="snapshots", engine=engine)
			assert b["free_blocks"].dims[-2:] == ("zone", "order")
			assert list(b["zone"].values) == ["n0.DMA", "n0.DMA32", "n0.Normal"]
			assert np.allclose(b["free_blocks"], b["free_blocks_of_type"].sum("migratetype", skipna=False), equal_nan=True)
			e = xr.open_dataset(path, group="events", engine=engine)
			assert float(e["not_applied"].sel(op="munmap_unknown").isel(policy__thp=0).max()) == 8
			p = xr.open_dataset(path, group="provenance", engine=engine)
			assert str(p["original_yaml"].values).endswith("as typed\nseeds: 5\n")
			o = xr.open_dataset(one, group="summary", engine=engine)
			assert o["run__elapsed"].dims == ("seed",)
		END
		case $? in
		0) result 0 "xarray with engine $engine sees labelled cubes" ;;
		77) skip "no $engine for python" ;;
		*) result 1 "xarray with engine $engine sees labelled cubes"; sed 's/^/# /' "$tmp/errors" | tail -n 4 ;;
		esac
	done
	"$PYTHON_READERS" - "$tmp/r.h5" 2>"$tmp/errors" <<-'END'
		import sys, h5py
		f = h5py.File(sys.argv[1], "r")
		assert f.attrs["schema_version"][0] == 1
		assert f["provenance/config_yaml"][()].decode().startswith("version: 1")
		assert f["summary/run__elapsed"].shape == (2, 2, 5)
		assert f["summary/run__elapsed"].dims[0].keys() == ["policy__page_allocator"]
		assert f["series"].attrs.get("axes") == b"policy__page_allocator policy__thp"
	END
	status=$?
	result $status "h5py reads it"
	[ $status -eq 0 ] || sed 's/^/# /' "$tmp/errors" | tail -n 4
	cp "$tmp/r.h5" "$tmp/changed.h5"
	"$PYTHON_READERS" - "$tmp/changed.h5" 2>"$tmp/errors" <<-'END'
		import sys
		try:
		    import netCDF4
		except ImportError:
		    sys.exit(77)
		d = netCDF4.Dataset(sys.argv[1], "a")
		g = d["summary"]
		v = g.createVariable("mine", "f8", ("policy__page_allocator", "policy__thp", "seed"))
		v.long_name = "mine"
		v.units = "1"
		v[:] = 3.0
		d.close()
	END
	case $? in
	0)
		result 0 "netCDF4 appends a variable"
		if [ -x "$ENGRAM" ]; then
			"$ENGRAM" compare "$tmp/changed.h5" --metric mine 2>&1 | grep -q '^mine  *3 ± 0'
			result $? "and Engram reads the changed file"
		else
			skip "no engram"
		fi ;;
	77) skip "no netCDF4 for python" ;;
	*) result 1 "netCDF4 appends a variable"; sed 's/^/# /' "$tmp/errors" | tail -n 4 ;;
	esac
fi
tap_done
