package gemm

import (
	"math"
	"sync"

	"github.com/spikegrad/spikegrad/internal/par"
)

var (
	jobs32 idle[float32]
	jobs64 idle[float64]
)

// idle are jobs that are not in use, with the memory that they have. A sync.Pool
// would give that, a megabyte for each thread, to the garbage collector now and
// then.
type idle[T float] struct {
	mu   sync.Mutex
	jobs []*job[T]
}

// take returns a job, nil if there is none.
func (l *idle[T]) take() (j *job[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.jobs) - 1; last >= 0 {
		j, l.jobs = l.jobs[last], l.jobs[:last]
	}
	return j
}

func (l *idle[T]) put(j *job[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = append(l.jobs, j)
}

// A job is a product in progress: C in parts, which goroutines take one after
// the other. An element of C is the same sum in the same order whatever part and
// whatever tile it falls into, so the number of threads changes no bit of it.
type job[T float] struct {
	product[T]
	*kernels[T]
	rows, cols    int // of a part
	across, parts int // parts side by side, in all

	crew   par.Crew
	blocks [][2][]T // packed blocks of A and B, of each thread
}

// multiply computes p.
func multiply[T float](kn *kernels[T], jobs *idle[T], p product[T]) {
	p.check()
	if p.m == 0 || p.n == 0 {
		return
	}
	if p.k == 0 {
		for i := 0; i < p.m && !p.add; i++ {
			clear(p.c[i*p.ldc:][:p.n])
		}
		return
	}
	if kn.product != nil && p.m*p.n*p.k > kn.threadWork && max(p.m, p.n, p.k, p.lda, p.ldb, p.ldc) <= math.MaxInt32 {
		kn.product(p.transA, p.transB, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.add, p.c, p.ldc)
		return
	}
	if small := (job[T]{product: p, kernels: kn}); small.directA() && small.directB(p.m) && small.split() == 1 {
		var none [2][]T // nothing is packed, and no lock is waited for to take a job
		small.part(&none, 0, p.m, 0, p.n)
		return
	}
	j := jobs.take()
	if j == nil {
		j = new(job[T])
	}
	j.product, j.kernels = p, kn
	threads := j.split()
	if len(j.blocks) < threads {
		j.blocks = append(j.blocks, make([][2][]T, threads-len(j.blocks))...)
	}
	j.crew.Do(j, threads, j.parts)
	j.product = product[T]{} // must not keep the caller's memory
	jobs.put(j)
}

// split divides C into parts and returns how many threads to use.
func (j *job[T]) split() (threads int) {
	threads = par.Workers(j.m * j.n * j.k / j.threadWork)
	if threads <= 1 {
		j.grid(1)
		return 1
	}
	// Several parts for each thread even out that one starts late or is slower, but
	// packing should not double, nor a transposed A be read in narrow strips.
	most := 4 * threads
	if j.transA {
		most = threads
	}
	for parts := most; parts >= threads; parts -= threads {
		if j.grid(parts) <= 2*(j.m+j.n) {
			break
		}
	}
	return min(threads, j.parts)
}

// grid divides C into about so many parts, in the way that packs least: each row
// of parts packs B and each column A. It returns how much, per step of the sum.
func (j *job[T]) grid(parts int) (packed int) {
	tm, tn := ceil(j.m, j.mr), ceil(j.n, j.nr) // in tiles
	parts = min(parts, tm*tn)
	packed = math.MaxInt
	for pn := 1; pn <= min(parts, tn); pn++ {
		pm := ceil(parts, pn)
		if p := j.m*pn + j.n*pm; pm <= tm && p < packed {
			packed, j.rows, j.cols = p, ceil(tm, pm)*j.mr, ceil(tn, pn)*j.nr
		}
	}
	j.across = ceil(j.n, j.cols)
	j.parts = j.across * ceil(j.m, j.rows)
	return packed
}

// Piece computes part i.
func (j *job[T]) Piece(thread, i int) {
	row, col := i/j.across*j.rows, i%j.across*j.cols
	j.part(&j.blocks[thread], row, min(row+j.rows, j.m), col, min(col+j.cols, j.n))
}

// part computes rows i0 to i1, columns j0 to j1 of C.
func (j *job[T]) part(blocks *[2][]T, i0, i1, j0, j1 int) {
	mc, nc, kc := j.blockRows(), even(j1-j0, j.nc, j.nr), even(j.k, j.kc, 8)
	for jc := j0; jc < j1; jc += nc {
		nc := min(nc, j1-jc)
		for pc := 0; pc < j.k; pc += kc {
			kc := min(kc, j.k-pc)
			b := j.packB(&blocks[1], pc, kc, jc, nc, i1-i0)
			for ic := i0; ic < i1; ic += mc {
				mc := min(mc, i1-ic)
				a := j.packA(&blocks[0], ic, mc, pc, kc)
				j.block(a, b, mc, nc, kc, j.c[ic*j.ldc+jc:], j.add || pc > 0)
			}
		}
	}
}

// blockRows returns how many rows of op(A) are a block.
func (j *job[T]) blockRows() int {
	if j.transA {
		return j.strip
	}
	return j.mc
}

// block computes one product of a block of A and a block of B.
func (j *job[T]) block(a, b panels[T], m, n, k int, c []T, add bool) {
	for jr := 0; jr < n; jr += j.nr {
		for ir := 0; ir < m; ir += j.mr {
			j.gemm(k, a.data[ir/j.mr*a.panel:], a.in, a.along, b.data[jr/j.nr*b.panel:], b.along,
				c[ir*j.ldc+jr:], j.ldc, min(j.mr, m-ir), min(j.nr, n-jr), add)
		}
	}
}

// even returns by how much to step so that n is covered in even steps of at most
// most, which are multiples of unit.
func even(n, most, unit int) int {
	return min(most, ceil(ceil(n, ceil(n, most)), unit)*unit)
}

func ceil(a, b int) int { return (a + b - 1) / b }
