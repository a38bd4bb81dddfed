package c

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/internal/plain"
	"github.com/spikegrad/spikegrad/internal/quant"
)

// helper returns the name of a function of C, which is then written with the others.
func (w *writer) helper(name string) string {
	w.helpers[name] = true
	return w.prefix + "_" + name
}

// shape returns the name of the sizes of a convolution.
func (w *writer) shape(o plain.Conv) string {
	w.helpers["shape"] = true
	axis := func(a plain.Axis) string {
		return fmt.Sprintf("{%d, %d, %d, %d, %d, %d}", a.In, a.Kernel, a.Out, a.Stride, a.Pad, a.Dilation)
	}
	text := fmt.Sprintf("{%d, %d, %d, %s, %s}", o.Groups, o.In, o.Out, axis(o.Y), axis(o.X))
	name := w.names["shape"+text]
	if name == "" {
		name = fmt.Sprintf("%s_c%d", w.prefix, len(w.names))
		w.names["shape"+text] = name
		fmt.Fprintf(&w.text, "static const %s_shape %s = %s;\n\n", w.prefix, name, text)
	}
	return name
}

// weights returns the arguments that hand weights to a helper: an array of floats; or of
// whole numbers, and one of what they are multiplied by, for each of so many channels of the
// output.
func (w *writer) weights(about string, x []float32, channels int, channel func(i int) int) string {
	if w.bits == 0 {
		return w.array(about, x)
	}
	q, scale := quantised(x, w.bits, channels, channel)
	return enter(w.constants, "signed char", about, q, 1, func(v int8) string { return fmt.Sprint(v) }) + ", " + w.array("scales of "+about, scale)
}

// quantised returns whole numbers, and for each channel what they are to be multiplied by.
func quantised(x []float32, bits, channels int, channel func(i int) int) (q []int8, scale []float32) {
	scale, q = make([]float32, channels), make([]int8, len(x))
	quant.Scales(scale, x, bits, channel)
	for i, v := range x {
		q[i] = int8(quant.Whole(v, scale[channel(i)], bits))
	}
	return q, scale
}

// written returns the helpers that are used, in the order of their definitions.
func (w *writer) written() string {
	var b strings.Builder
	for _, h := range helpers {
		if !w.helpers[h.name] {
			continue
		}
		text := h.text
		kind, scale, from := "float", "", "(b ? b[c] : 0.0f)"
		if w.bits > 0 {
			kind, scale, from = "signed char", "const float *scale, ", "0.0f"
		}
		r := strings.NewReplacer("NET", w.prefix, "WEIGHT", kind, "SCALE, ", scale, "START", from)
		lines := strings.Split(strings.TrimPrefix(text, "\n"), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return w.bits == 0 && strings.Contains(l, "scale[") })
		b.WriteString(r.Replace(strings.Join(lines, "\n")))
		b.WriteByte('\n')
	}
	return b.String()
}

var helpers = []struct{ name, text string }{
	{"shape", `
/* A convolution: groups, channels of a group, the height and the width of images. Pixel i of
   the input meets pixel o of the output through k where i = stride o + dilation k - pad. */
typedef struct {
    long in, kernel, out, stride, pad, dilation;
} NET_axis;
typedef struct {
    long groups, in, out;
    NET_axis y, x;
} NET_shape;
`},
	{"linear", `
/* y = x W + b; of x only what is not 0 is followed. */
static void NET_linear(const float *x, const WEIGHT *w, SCALE, const float *b, float *y, long in, long out)
{
    for (long c = 0; c < out; c++) {
        y[c] = START;
    }
    for (long i = 0; i < in; i++) {
        const float v = x[i];
        if (v != 0.0f) {
            const WEIGHT *u = w + i * out;
            for (long c = 0; c < out; c++) {
                const float t = v * (float)u[c];
                y[c] += t;
            }
        }
    }
    for (long c = 0; c < out; c++) { y[c] = y[c] * scale[c] + (b ? b[c] : 0.0f); }
}
`},
	{"late", `
/* y += x W by the connections of each input that is not 0. */
static void NET_late(const float *x, const long *start, const long *to, const float *w, float *y, long in)
{
    for (long i = 0; i < in; i++) {
        const float v = x[i];
        if (v != 0.0f) {
            for (long k = start[i]; k < start[i + 1]; k++) {
                const float t = v * w[k];
                y[to[k]] += t;
            }
        }
    }
}
`},
	{"sparse", `
/* y = x W + b by the connections of each input that is not 0. */
static void NET_sparse(const float *x, const long *start, const long *to, const WEIGHT *w, SCALE, const float *b, float *y, long in, long out)
{
    for (long c = 0; c < out; c++) {
        y[c] = START;
    }
    for (long i = 0; i < in; i++) {
        const float v = x[i];
        if (v != 0.0f) {
            for (long k = start[i]; k < start[i + 1]; k++) {
                const float t = v * (float)w[k];
                y[to[k]] += t;
            }
        }
    }
    for (long c = 0; c < out; c++) { y[c] = y[c] * scale[c] + (b ? b[c] : 0.0f); }
}
`},
	{"conv", `
/* A convolution: each pixel of x that is not 0 adds its part of the kernels to y. */
static void NET_conv(const NET_shape *s, const float *x, const WEIGHT *w, SCALE, const float *b, float *y)
{
    const long size = s->y.out * s->x.out;
    for (long c = 0; c < s->groups * s->out; c++) {
        for (long i = 0; i < size; i++) {
            y[c * size + i] = START;
        }
    }
    for (long g = 0; g < s->groups * s->in; g++) {
        for (long i = 0; i < s->y.in; i++) {
            for (long j = 0; j < s->x.in; j++) {
                const float v = *x++;
                if (v == 0.0f) {
                    continue;
                }
                for (long k = 0; k < s->y.kernel; k++) {
                    const long p = i + s->y.pad - k * s->y.dilation;
                    if (p < 0 || p % s->y.stride != 0 || p / s->y.stride >= s->y.out) {
                        continue;
                    }
                    for (long l = 0; l < s->x.kernel; l++) {
                        const long q = j + s->x.pad - l * s->x.dilation;
                        if (q < 0 || q % s->x.stride != 0 || q / s->x.stride >= s->x.out) {
                            continue;
                        }
                        const WEIGHT *u = w + ((g * s->y.kernel + k) * s->x.kernel + l) * s->out;
                        float *z = y + g / s->in * s->out * size + p / s->y.stride * s->x.out + q / s->x.stride;
                        for (long c = 0; c < s->out; c++) {
                            const float t = v * (float)u[c];
                            z[c * size] += t;
                        }
                    }
                }
            }
        }
    }
    for (long c = 0; c < s->groups * s->out; c++) { for (long i = 0; i < size; i++) { y[c * size + i] = y[c * size + i] * scale[c] + (b ? b[c] : 0.0f); } }
}
`},
	{"transposed", `
/* A transposed convolution: x has the size of the output of the convolution, y that of its input. */
static void NET_transposed(const NET_shape *s, const float *x, const WEIGHT *w, SCALE, const float *b, float *y)
{
    const long size = s->y.in * s->x.in;
    for (long c = 0; c < s->groups * s->in; c++) {
        for (long i = 0; i < size; i++) {
            y[c * size + i] = START;
        }
    }
    for (long g = 0; g < s->groups * s->out; g++) {
        for (long i = 0; i < s->y.out; i++) {
            for (long j = 0; j < s->x.out; j++) {
                const float v = *x++;
                if (v == 0.0f) {
                    continue;
                }
                for (long k = 0; k < s->y.kernel; k++) {
                    const long p = i * s->y.stride + k * s->y.dilation - s->y.pad;
                    if (p < 0 || p >= s->y.in) {
                        continue;
                    }
                    for (long l = 0; l < s->x.kernel; l++) {
                        const long q = j * s->x.stride + l * s->x.dilation - s->x.pad;
                        if (q < 0 || q >= s->x.in) {
                            continue;
                        }
                        const WEIGHT *u = w + ((g * s->y.kernel + k) * s->x.kernel + l) * s->in;
                        float *z = y + g / s->out * s->in * size + p * s->x.in + q;
                        for (long c = 0; c < s->in; c++) {
                            const float t = v * (float)u[c];
                            z[c * size] += t;
                        }
                    }
                }
            }
        }
    }
    for (long c = 0; c < s->groups * s->in; c++) { for (long i = 0; i < size; i++) { y[c * size + i] = y[c * size + i] * scale[c] + (b ? b[c] : 0.0f); } }
}
`},
	{"sums", windows("sums", "float t = 0.0f;", "t += v;", "*y++ = t;")},
	{"means", windows("means", "float t = 0.0f;", "t += v;", "*y++ = t / (float)(r[3] * q[3]);")},
	{"maxima", windows("maxima", "float t = -INFINITY;", "t = v > t ? v : t;", "*y++ = t;")},
	{"spread", `
/* Each element of x is added to all of its window of y. */
static void NET_spread(const float *x, float *y, long planes, long h, long w, const long *rows, long nr, const long *cols, long nc)
{
    for (long i = 0; i < planes * h * w; i++) {
        y[i] = 0.0f;
    }
    for (long n = 0; n < planes; n++, y += h * w) {
        for (long i = 0; i < nr; i++) {
            for (long j = 0; j < nc; j++, x++) {
                const long *r = rows + 4 * i, *q = cols + 4 * j;
                for (long k = 0; k < r[1]; k++) {
                    for (long l = 0; l < q[1]; l++) {
                        y[(r[0] + k * r[2]) * w + q[0] + l * q[2]] += *x;
                    }
                }
            }
        }
    }
}
`},
	{"norm", `
/* Each channel is normalised with what is known of it. */
static void NET_norm(const float *x, const float *mean, const float *by, const float *bias, float *y, long channels, long places)
{
    for (long c = 0; c < channels; c++) {
        for (long i = 0; i < places; i++, x++, y++) {
            const float t = (*x - mean[c]) * by[c];
            *y = t + bias[c];
        }
    }
}
`},
	{"groups", `
/* Each group of channels is normalised by its mean and variance. */
static void NET_groups(const float *x, const float *gain, const float *bias, float *y, long rows, long groups, long channels, long places, double eps)
{
    const long n = channels * places;
    for (long g = 0; g < rows * groups; g++, x += n, y += n) {
        double mean = 0.0, square = 0.0;
        for (long i = 0; i < n; i++) {
            mean += (double)x[i];
        }
        mean /= (double)n;
        for (long i = 0; i < n; i++) {
            square += ((double)x[i] - mean) * ((double)x[i] - mean);
        }
        const float m = (float)mean, by = (float)(1.0 / sqrt(square / (double)n + eps));
        for (long i = 0; i < n; i++) {
            const long c = g % groups * channels + i / places;
            const float t = (x[i] - m) * (by * gain[c]);
            y[i] = t + bias[c];
        }
    }
}
`},
}

// windows returns a helper that joins windows of planes.
func windows(name, start, join, end string) string {
	return `
/* The ` + name + ` of windows, of which there is one for each of the rows and columns. */
static void NET_` + name + `(const float *x, float *y, long planes, long h, long w, const long *rows, long nr, const long *cols, long nc)
{
    for (long n = 0; n < planes; n++, x += h * w) {
        for (long i = 0; i < nr; i++) {
            for (long j = 0; j < nc; j++) {
                const long *r = rows + 4 * i, *q = cols + 4 * j;
                ` + start + `
                for (long k = 0; k < r[1]; k++) {
                    for (long l = 0; l < q[1]; l++) {
                        const float v = x[(r[0] + k * r[2]) * w + q[0] + l * q[2]];
                        ` + join + `
                    }
                }
                ` + end + `
            }
        }
    }
}
`
}
