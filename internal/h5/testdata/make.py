# Writes files by h5py, for the tests of this package.
import sys
import h5py
import numpy as np


def numbers(f):
    for k, dt in enumerate(['<i1', '<u1', '<i2', '>i2', '<u2', '<i4', '>u4', '<i8', '<u8', '<f2', '>f2', '<f4', '>f4', '<f8', '>f8']):
        a = (np.arange(24).reshape(2, 3, 4) - (5 if 'u' not in dt else 0)).astype(dt)
        f['plain/n%d' % k] = a
        f.create_dataset('packed/n%d' % k, data=a, chunks=(2, 2, 3), compression='gzip', shuffle=True, fletcher32=True)
    f['scalar'] = np.int64(-7)
    f['text'] = 'grüß'
    f['words'] = np.array([['a', 'bc'], ['', 'def']], dtype=object)
    f['fixed'] = np.array([b'ab', b'c'], dtype='S4')
    f['flags'] = np.array([True, False, True])
    f.create_dataset('empty', (5,), dtype='f4', fillvalue=2.5)
    f.create_dataset('holes', (6, 6), dtype='i4', chunks=(2, 2), fillvalue=-1)[2:4, 2:4] = 9
    f['none'] = np.zeros((0, 3), 'f8')
    f['halves'] = np.array([0, -0.0, 1, -1, 65504, 2**-24, 3 * 2**-24, 2**-14, np.inf, -np.inf], dtype='f2')
    f['big'] = np.array([2**64 - 1], dtype='u8')
    f['compound'] = np.zeros(3, dtype=[('a', 'i4'), ('b', 'f8')])
    f.create_dataset('lzf', data=np.arange(100), chunks=(10,), compression='lzf')
    f.attrs['eps'] = 1e-4
    f.attrs['name'] = 'net'
    f.attrs['v'] = np.arange(3)
    f['scalar'].attrs['unit'] = 'mV'
    g = f.create_group('many')
    for i in range(300):
        g['d%03d' % i] = np.int32(i)


def rows(f, **kw):
    for name, dt in (('times', np.float16), ('units', np.uint16)):
        d = f.create_dataset('spikes/' + name, (20,), dtype=h5py.vlen_dtype(dt), **kw)
        for i in range(20):
            n = i * 37 % 60
            d[i] = (np.arange(n) / 64).astype(dt) if name == 'times' else (np.arange(n) * 11 % 700).astype(dt)
    f['labels'] = (np.arange(20) % 7).astype(np.uint16)
    f['extra/speaker'] = (np.arange(20) % 12).astype(np.uint16)
    f.create_dataset('extra/keys', data=np.array(['word %d' % i for i in range(7)], dtype=object), dtype=h5py.string_dtype())


out = sys.argv[1] + '/'
with h5py.File(out + 'numbers.h5', 'w') as f:
    numbers(f)
with h5py.File(out + 'rows.h5', 'w') as f:
    rows(f)
with h5py.File(out + 'chunked.h5', 'w') as f:
    rows(f, chunks=(7,), maxshape=(None,), compression='gzip', shuffle=True)



def later(f, many):
    for name, n in (('few', 3), ('many', many)):
        for i in range(n):
            f['%s/d%04d' % (name, i)] = np.int32(i)
    a = np.arange(35.).reshape(5, 7)
    f.create_dataset('one', data=a, compression='gzip', chunks=(5, 7))
    f.create_dataset('packed', data=a, compression='gzip', shuffle=True, fletcher32=True, chunks=(2, 3))
    f.create_dataset('chunks', data=a, chunks=(2, 3))
    f['text'] = 'grüß'
    f.attrs['eps'] = 1e-4


with h5py.File(out + 'latest.h5', 'w', libver='latest') as f:
    later(f, 2000)
    f.create_dataset('grows', data=np.arange(5), chunks=(2,), maxshape=(None,))
with h5py.File(out + 'v108.h5', 'w', libver=('v108', 'v108')) as f:
    later(f, 60)
