/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * input - decompression behind one window; see input.h.
 *
 * Each method is one function: take compressed bytes, give decompressed ones, say when the data ended.
 * gzip and bzip2 files may be several streams in a row (pigz, pbzip2, `cat a.gz b.gz`); xz and zstd
 * decoders follow those themselves.
 */
#include "workloads/trace/input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "sim/base/mem.h"

enum { COMPRESSED_BYTES = 256 * 1024 };

struct input_codec {
	const struct method *method;
	uint8_t *in;                    /* compressed bytes [at, end) */
	size_t   at, end;
	bool     source_eof, done;      /* done: a stream ended cleanly and nothing follows yet */
	union {
		z_stream     gz;
		bz_stream    bz;
		lzma_stream  xz;
		ZSTD_DStream *zstd;
	} u;
};

/* step(): use some of c->in, fill up to *n bytes of out, set *n to what came. NULL or what is wrong. */
struct method {
	const char *name;
	uint8_t     magic[6];
	unsigned    magic_size;
	bool      (*init)(struct input_codec *c);
	const char *(*step)(struct input_codec *c, uint8_t *out, size_t *n);
	void      (*fini)(struct input_codec *c);
};

static bool gz_init(struct input_codec *c)
{
	return inflateInit2(&c->u.gz, 15 + 16) == Z_OK;
}

static const char *gz_step(struct input_codec *c, uint8_t *out, size_t *n)
{
	z_stream *z = &c->u.gz;
	int r;

	if (c->done && inflateReset(z) != Z_OK)
		return "gzip: cannot start the next member";
	c->done = false;
	z->next_in = c->in + c->at;
	z->avail_in = (uInt)(c->end - c->at);
	z->next_out = out;
	z->avail_out = (uInt)*n;
	r = inflate(z, Z_NO_FLUSH);
	c->at = c->end - z->avail_in;
	*n -= z->avail_out;
	c->done = r == Z_STREAM_END;
	return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR ? NULL : "gzip: damaged data";
}

static void gz_fini(struct input_codec *c)
{
	(void)inflateEnd(&c->u.gz);
}

static bool bz_init(struct input_codec *c)
{
	return BZ2_bzDecompressInit(&c->u.bz, 0, 0) == BZ_OK;
}

static const char *bz_step(struct input_codec *c, uint8_t *out, size_t *n)
{
	bz_stream *z = &c->u.bz;
	int r;

	if (c->done) {
		(void)BZ2_bzDecompressEnd(z);
		*z = (bz_stream){ 0 };
		if (!bz_init(c))
			return "bzip2: cannot start the next stream";
		c->done = false;
	}
	z->next_in = (char *)c->in + c->at;
	z->avail_in = (unsigned)(c->end - c->at);
	z->next_out = (char *)out;
	z->avail_out = (unsigned)*n;
	r = BZ2_bzDecompress(z);
	c->at = c->end - z->avail_in;
	*n -= z->avail_out;
	c->done = r == BZ_STREAM_END;
	return r == BZ_OK || r == BZ_STREAM_END ? NULL : "bzip2: damaged data";
}

static void bz_fini(struct input_codec *c)
{
	(void)BZ2_bzDecompressEnd(&c->u.bz);
}

static bool xz_init(struct input_codec *c)
{
	c->u.xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&c->u.xz, UINT64_C(256) << 20, LZMA_CONCATENATED) == LZMA_OK;
}

static const char *xz_step(struct input_codec *c, uint8_t *out, size_t *n)
{
	lzma_stream *z = &c->u.xz;
	lzma_ret r;

	z->next_in = c->in + c->at;
	z->avail_in = c->end - c->at;
	z->next_out = out;
	z->avail_out = *n;
	r = lzma_code(z, c->source_eof ? LZMA_FINISH : LZMA_RUN);
	c->at = c->end - z->avail_in;
	*n -= z->avail_out;
	c->done = r == LZMA_STREAM_END;
	if (r == LZMA_MEMLIMIT_ERROR)
		return "xz: needs more than 256 MiB to decompress";
	return r == LZMA_OK || r == LZMA_STREAM_END || r == LZMA_BUF_ERROR ? NULL : "xz: damaged data";
}

static void xz_fini(struct input_codec *c)
{
	lzma_end(&c->u.xz);
}

static bool zstd_init(struct input_codec *c)
{
	c->u.zstd = ZSTD_createDStream();
	if (!c->u.zstd)
		return false;
	(void)ZSTD_DCtx_setParameter(c->u.zstd, ZSTD_d_windowLogMax, 27);
	return true;
}

static const char *zstd_step(struct input_codec *c, uint8_t *out, size_t *n)
{
	ZSTD_inBuffer in = { c->in, c->end, c->at };
	ZSTD_outBuffer to = { out, *n, 0 };
	size_t r = ZSTD_decompressStream(c->u.zstd, &to, &in);

	c->at = in.pos;
	*n = to.pos;
	c->done = r == 0;
	if (ZSTD_isError(r))
		return ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge ?
			"zstd: needs a window of more than 128 MiB" : "zstd: damaged data";
	return NULL;
}

static void zstd_fini(struct input_codec *c)
{
	(void)ZSTD_freeDStream(c->u.zstd);
}

static const struct method methods[] = {
	{ "gzip",  { 0x1f, 0x8b }, 2, gz_init, gz_step, gz_fini },
	{ "xz",    { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, xz_init, xz_step, xz_fini },
	{ "bzip2", { 'B', 'Z', 'h' }, 3, bz_init, bz_step, bz_fini },
	{ "zstd",  { 0x28, 0xb5, 0x2f, 0xfd }, 4, zstd_init, zstd_step, zstd_fini },
};

static const struct {
	const char *name;
	uint8_t     magic[6];
	unsigned    size;
} refused[] = {
	{ "lz4",    { 0x04, 0x22, 0x4d, 0x18 }, 4 },
	{ "zip",    { 'P', 'K', 3, 4 }, 4 },
	{ "snappy", { 0xff, 0x06, 0, 0, 's', 'N' }, 6 },
};

/* ---- bytes from the host ------------------------------------------------------------------------- */

static eg_status read_some(struct input *in, uint8_t *to, size_t n, size_t *got, struct eg_errors *err)
{
	for (;;) {
		ssize_t k = read(in->fd, to, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return eg_fail_errno(err, true, "%s: cannot read", in->path);
		*got = (size_t)k;
		return EG_OK;
	}
}

static eg_status decompress(struct input *in, uint8_t *to, size_t n, size_t *got, struct eg_errors *err)
{
	struct input_codec *c = in->codec;
	const char *wrong;

	for (;;) {
		size_t more = 0;        /* gcc -O3 does not see that a success sets it */

		if (c->at == c->end && !c->source_eof) {
			EG_TRY(read_some(in, c->in, COMPRESSED_BYTES, &more, err));
			c->at = 0;
			c->end = more;
			c->source_eof = more == 0;
		}
		if (c->at == c->end && c->done) {
			*got = 0;
			return EG_OK;
		}
		*got = n;
		wrong = c->method->step(c, to, got);
		if (wrong)
			return eg_fail(err, EG_BAD_INPUT, "%s: %s (byte %llu of the decompressed data)", in->path, wrong,
				       (unsigned long long)in->base + (uint64_t)(in->end - in->window));
		if (*got)
			return EG_OK;
		if (c->at == c->end && c->source_eof && !c->done)
			return eg_fail(err, EG_BAD_INPUT, "%s: the %s data end early, after %llu decompressed bytes", in->path,
				       c->method->name, (unsigned long long)in->base + (uint64_t)(in->end - in->window));
	}
}

uint64_t input_offset(const struct input *in)
{
	return in->base + (uint64_t)(in->p - in->window);
}

eg_status input_more(struct input *in, struct eg_errors *err)
{
	size_t have = (size_t)(in->end - in->p), got;

	if (in->eof || have == INPUT_WINDOW)
		return EG_OK;
	in->base += (uint64_t)(in->p - in->window);
	memmove(in->window, in->p, have);
	in->p = in->window;
	in->end = in->window + have;
	if (in->codec && in->keep_intact) {
		eg_status s = decompress(in, in->window + have, INPUT_WINDOW - have, &got, NULL);

		if (s == EG_IO)
			return eg_fail(err, s, "%s: cannot read", in->path);
		if (s != EG_OK) {
			in->damaged = true;
			got = 0;
		}
	} else if (in->codec)
		EG_TRY(decompress(in, in->window + have, INPUT_WINDOW - have, &got, err));
	else
		EG_TRY(read_some(in, in->window + have, INPUT_WINDOW - have, &got, err));
	in->eof = got == 0;
	in->end += got;
	memset(in->window + have + got, 0, INPUT_SLACK);
	return EG_OK;
}

/* ---- open ---------------------------------------------------------------------------------------- */

static eg_status start_codec(struct input *in, const struct method *m, struct eg_errors *err)
{
	struct input_codec *c = eg_calloc(1, sizeof(*c));

	if (!c)
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory", in->path);
	in->codec = c;
	c->in = eg_calloc(COMPRESSED_BYTES > INPUT_WINDOW ? COMPRESSED_BYTES : INPUT_WINDOW, 1);
	if (!c->in || !m->init(c))
		return eg_fail(err, EG_NO_MEMORY, "%s: out of memory for %s", in->path, m->name);
	c->method = m;
	c->end = (size_t)(in->end - in->p);
	memcpy(c->in, in->p, c->end);
	in->p = in->end = in->window;
	in->base = 0;
	in->compression = m->name;
	in->eof = false;
	return EG_OK;
}

/* At least n bytes in view, fewer only at the end. */
static eg_status want(struct input *in, size_t n, struct eg_errors *err)
{
	while (!in->eof && (size_t)(in->end - in->p) < n)
		EG_TRY(input_more(in, err));
	return EG_OK;
}

static eg_status look_inside(struct input *in, struct eg_errors *err)
{
	size_t n;

	EG_TRY(want(in, 6, err));
	n = (size_t)(in->end - in->p);
	for (unsigned i = 0; i < EG_ARRAY_LEN(refused); i++)
		if (n >= refused[i].size && memcmp(in->p, refused[i].magic, refused[i].size) == 0)
			return eg_fail(err, EG_BAD_INPUT, "%s: compressed with %s, which is not built in"
				       "\ndecompress it first", in->path, refused[i].name);
	for (unsigned i = 0; i < EG_ARRAY_LEN(methods); i++)
		if (n >= methods[i].magic_size && memcmp(in->p, methods[i].magic, methods[i].magic_size) == 0) {
			EG_TRY(start_codec(in, &methods[i], err));
			break;
		}
	EG_TRY(want(in, 512, err));
	if (in->end - in->p >= 262 && memcmp(in->p + 257, "ustar", 5) == 0)
		return eg_fail(err, EG_BAD_INPUT, "%s: this is a tar archive; extract the trace from it first", in->path);
	return EG_OK;
}

eg_status input_open(struct input *in, const char *path, bool keep_intact, struct eg_errors *err)
{
	bool std = strcmp(path, "-") == 0;
	eg_status s = EG_OK;

	*in = (struct input){ .fd = -1, .compression = "plain", .keep_intact = keep_intact };
	in->path = eg_strdup(std ? "standard input" : path);
	in->window = eg_calloc(INPUT_WINDOW + INPUT_SLACK, 1);
	in->p = in->end = in->window;
	if (!in->path || !in->window)
		s = eg_fail(err, EG_NO_MEMORY, "%s: out of memory", path);
	if (s == EG_OK) {
		in->fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
		if (in->fd < 0)
			s = eg_fail_errno(err, true, "%s: cannot open", path);
	}
	if (s == EG_OK)
		s = look_inside(in, err);
	if (s != EG_OK)
		input_close(in);
	return s;
}

void input_close(struct input *in)
{
	if (in->codec && in->codec->method)
		in->codec->method->fini(in->codec);
	if (in->codec)
		eg_free(in->codec->in);
	eg_free(in->codec);
	if (in->fd > STDIN_FILENO)
		(void)close(in->fd);
	eg_free(in->window);
	eg_free(in->path);
	*in = (struct input){ .fd = -1 };
}
