package main

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// Registers of sumPatches: arguments, where a row of the image is and how many patches
// cover it, and what a piece of the row needs.
const (
	pDst, pSrc, pWidth, pKh, pKw, pOh, pOw, pAdd = 0, 1, 2, 3, 4, 5, 6, 7
	pRow, pColumn, pAbove, pFirst, pN, pY        = 8, 9, 10, 11, 12, 13 // see sumPatches
	pX, pLast, pAt, pFrom, pLeft, pPatch, pM, pT = 14, 15, 16, 17, 19, 20, 21, 22
)

// sums is how many sums are made of what covers an element: that of every third column of
// the kernel, which are added at the end. So do the kernels for AVX, with the same bits.
const sums = 3

// sumPatches writes the kernel that adds patches to an image (col2im, the transpose of
// im2col). Where all columns of the kernel cover a stretch of a row it keeps that in
// registers; the elements at both ends it takes one by one.
func (t target) sumPatches() {
	t.function("sumPatches", "is the transpose of patches for d = 1.", "(dst, src []T, width, kh, kw, oh, ow int, add bool)")
	t.arguments(map[string]int{"dst_base": pDst, "src_base": pFirst, "kh": pKh, "kw": pKw, "oh": pOh})
	t.bytes(map[string]int{"width": pWidth})
	t.Arg(r(pOw), "ow")
	t.Line("MOVBU %s, R%d", t.Place("add"), pAdd)
	// How far it is from a column of the kernel to the next one where it covers the same
	// element, from a row to the next one, and from a patch to the one of the next row
	// that covers the same row of the image.
	t.Line("MUL R%d, R%d, R%d", pOh, pOw, pColumn)
	t.Line("MUL R%d, R%d, R%d", pKw, pColumn, pRow)
	t.Line("SUB R%d, R%d, R%d", pOw, pRow, pAbove)
	t.Line("SUB $1, R%d", pColumn)
	for _, x := range []int{pColumn, pRow, pAbove} {
		t.Line("LSL $%d, R%d", t.shift(), x)
	}
	t.Line("ADD R%d, R%d, R%d", pKw, pOw, pLast)
	t.Line("SUB $1, R%d", pLast)
	t.Line("MOVD $1, R%d", pN)
	t.Line("MOVD ZR, R%d", pY)
	t.Label("row")
	t.Line("MOVD ZR, R%d", pX)
	t.Label("next")
	t.Line("ADD $1, R%d, R%d", pX, pT)
	t.Line("CMP R%d, R%d", pKw, pT)
	t.Line("BLT element")
	pieces := []piece{{4, 16}, {1, 16}, {1, t.size()}}
	labels := []string{"four", "one", "element"}
	for i, p := range pieces[:2] {
		t.Line("ADD $%d, R%d, R%d", p.registers*t.lanes(), pX, pT)
		t.Line("CMP R%d, R%d", pOw, pT)
		t.Line("BLE %s", labels[i])
	}
	for i := len(pieces) - 1; i >= 0; i-- {
		t.Label(labels[i])
		t.stretch(labels[i], pieces[i])
	}
	t.Label("below")
	t.nextRow()
}

// stretch writes the sum of what covers a piece of a row. Only single elements are not
// covered by all columns of the kernel.
func (t target) stretch(label string, p piece) {
	t.Line("ADD R%d<<%d, R%d, R%d", pX, t.shift(), pDst, pAt)
	t.Line("ADD R%d<<%d, R%d, R%d", pX, t.shift(), pFirst, pFrom)
	t.Line("MOVD R%d, R%d", pKw, pLeft)
	for i := range sums * p.registers {
		t.Word(neon.Zero(uint8(i)))
	}
	t.Line("CBZ R%d, sum%s", pAdd, label)
	t.sums(neon.Load, 0, p.registers, p.bytes, pAt)
	t.Label("sum" + label)
	if p.bytes == t.size() {
		t.covering()
	}
	for i := range sums {
		t.Label(fmt.Sprintf("column%d%s", i, label))
		t.Line("MOVD R%d, R%d", pFrom, pPatch)
		t.Line("MOVD R%d, R%d", pN, pM)
		t.Label(fmt.Sprintf("patch%d%s", i, label))
		for j := range p.registers {
			s, x := uint8(i*p.registers+j), uint8(vRow+j)
			t.Word(neon.Load(p.bytes, x, pPatch, j*p.bytes))
			t.Word(neon.FAdd(t.bits, s, s, x))
		}
		t.Line("ADD R%d, R%d", pAbove, pPatch)
		t.Line("SUBS $1, R%d", pM)
		t.Line("BNE patch%d%s", i, label)
		t.Line("ADD R%d, R%d", pColumn, pFrom)
		t.Line("SUBS $1, R%d", pLeft)
		t.Line("BEQ done%s", label)
	}
	t.Line("B column0%s", label)
	t.Label("done" + label)
	for i := 1; i < sums; i++ {
		for j := range p.registers {
			t.Word(neon.FAdd(t.bits, uint8(j), uint8(j), uint8(i*p.registers+j)))
		}
	}
	t.sums(neon.Store, 0, p.registers, p.bytes, pAt)
	t.Line("ADD $%d, R%d", p.registers*p.bytes/t.size(), pX)
	t.Line("CMP R%d, R%d", pLast, pX)
	t.Line("BLT next")
	t.Line("B below")
}

// covering goes to the first of the columns that cover element x of a row: those from
// x − ow + 1 to x that there are.
func (t target) covering() {
	const first, third = pT, pPatch
	t.Line("ADD $1, R%d, R%d", pX, pM)
	t.Line("SUBS R%d, R%d, R%d", pOw, pM, first)
	t.Line("CSEL GT, R%d, ZR, R%[1]d", first)
	t.Line("CMP R%d, R%d", pM, pLeft)
	t.Line("CSEL LT, R%d, R%d, R%[1]d", pLeft, pM)
	t.Line("SUB R%d, R%d", first, pLeft)
	t.Line("MADD R%d, R%d, R%d, R%[2]d", pColumn, pFrom, first)
	t.Line("MOVD $%d, R%d", sums, pM)
	t.Line("UDIV R%d, R%d, R%d", pM, first, third)
	t.Line("MSUB R%d, R%d, R%d, R%[2]d", third, first, pM)
	t.Line("CMP $1, R%d", first)
	t.Line("BEQ column1element")
	t.Line("BGT column2element")
}

// nextRow goes to the next row of the image, if there is one: as long as there are more,
// another row of the kernel covers it, and from the last row of patches on one less.
func (t target) nextRow() {
	t.Line("ADD R%d, R%d", pWidth, pDst)
	t.Line("ADD $1, R%d", pY)
	t.Line("CMP R%d, R%d", pKh, pY)
	t.Line("CINC LT, R%d, R%[1]d", pN)
	t.Line("CMP R%d, R%d", pOh, pY)
	t.Line("BGE last")
	t.Line("ADD R%d<<%d, R%d", pOw, t.shift(), pFirst)
	t.Line("B row")
	t.Label("last")
	t.Line("ADD R%d, R%d", pRow, pFirst)
	t.Line("SUBS $1, R%d", pN)
	t.Line("BNE row")
	t.Line("RET")
}
