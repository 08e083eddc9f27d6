// The npm client, @supabase/postgrest-js: every method of its builders, against the URL in LIBRARY_URL.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { PostgrestClient } from '@supabase/postgrest-js'

const pg = new PostgrestClient(process.env.LIBRARY_URL, { headers: { Authorization: 'Bearer demo-north' } })
const books = (columns = 'id') => pg.from('books').select(columns).lte('id', 3).order('id')

const rows = async (query) => {
  const { data, error } = await query
  assert.equal(error, null, JSON.stringify(error))
  return data
}
const ids = async (query) => (await rows(query)).map((row) => row.id)

test('select', async () => {
  assert.equal((await rows(pg.from('books').select().eq('id', 1)))[0].title, 'Engines')
  const nested = 'id, writers:authors ( name ), copies!inner(shelf), k:details->k, pages::text'
  assert.deepEqual(await rows(pg.from('books').select(nested).eq('copies.shelf', 'B1')), [
    { id: 3, writers: [{ name: 'Grace' }], copies: [{ shelf: 'B1' }], k: null, pages: '250' },
  ])
  assert.deepEqual(await rows(pg.from('copies').select('shelf, ...book(title)').eq('id', 1)), [
    { shelf: 'A1', title: 'Engines' },
  ])
  assert.deepEqual(await rows(pg.from('books').select('pages.max()').lte('id', 3)), [{ max: 300 }])
  assert.deepEqual(await rows(pg.from('books').select('title').select('id').eq('id', 1)), [{ id: 1 }])
})

test('counts', async () => {
  for (const count of ['exact', 'estimated']) {
    const answer = await pg.from('books').select('id', { count }).lte('id', 3)
    assert.equal(answer.count, 3)
  }
  assert.ok((await pg.from('books').select('id', { count: 'planned' })).count > 0)
  const head = await pg.from('books').select('*', { head: true, count: 'exact' }).lte('id', 3)
  assert.deepEqual([head.count, head.data, head.error], [3, null, null])
})

const FILTERS = [
  [(q) => q.eq('id', 1), [1]],
  [(q) => q.neq('id', 1), [2, 3]],
  [(q) => q.gt('id', 1), [2, 3]],
  [(q) => q.gte('id', 2), [2, 3]],
  [(q) => q.lt('id', 2), [1]],
  [(q) => q.lte('id', 2), [1, 2]],
  [(q) => q.like('title', '%ote%'), [2]],
  [(q) => q.likeAllOf('title', ['%o%', '%e%']), [2, 3]],
  [(q) => q.likeAnyOf('title', ['%ote%', 'Eng%']), [1, 2]],
  [(q) => q.ilike('title', '%OTE%'), [2]],
  [(q) => q.ilikeAllOf('title', ['%N%', '%S']), [1, 2]],
  [(q) => q.ilikeAnyOf('title', ['n%', 'e%']), [1, 2]],
  [(q) => q.regexMatch('title', '^(E|N)'), [1, 2]],
  [(q) => q.regexIMatch('title', '^e'), [1]],
  [(q) => q.is('details', null), [3]],
  [(q) => q.isDistinct('details->>k', '1'), [2, 3]],
  [(q) => q.isDistinct('details', null), [1, 2]],
  [(q) => q.in('id', [1, 3]), [1, 3]],
  [(q) => q.in('title', ['a,b', 'Notes', 'c"d', 'a,"b"']), [2]],
  [(q) => q.in('id', []), []],
  [(q) => q.notIn('id', [1, 2]), [3]],
  [(q) => q.contains('tags', ['history']), [1]],
  [(q) => q.contains('tags', 'math,history'.split(',')), [1]],
  [(q) => q.contains('details', { k: 1, s: 'x,y' }), [1]],
  [(q) => q.contains('years', '[1842,1843)'), [1]],
  [(q) => q.containedBy('tags', ['math']), [2]],
  [(q) => q.overlaps('tags', ['history']), [1]],
  [(q) => q.overlaps('years', '[1843,1845)'), [1, 2]],
  [(q) => q.rangeGt('years', '[1800,1900)'), [3]],
  [(q) => q.rangeGte('years', '[1850,1900)'), [3]],
  [(q) => q.rangeLt('years', '[1900,1990)'), [1, 2]],
  [(q) => q.rangeLte('years', '[1800,1850)'), [1, 2]],
  [(q) => q.rangeAdjacent('years', '[1850,1900)'), [1]],
  [(q) => q.textSearch('title', 'engine'), [1]],
  [(q) => q.textSearch('title', 'the notes', { type: 'plain', config: 'english' }), [2]],
  [(q) => q.textSearch('title', 'compilers', { type: 'phrase' }), [3]],
  [(q) => q.textSearch('title', 'notes -engines', { type: 'websearch' }), [2]],
  [(q) => q.match({ id: 1, title: 'Engines' }), [1]],
  [(q) => q.not('id', 'eq', 1), [2, 3]],
  [(q) => q.not('id', 'in', '(1,2)'), [3]],
  [(q) => q.or('id.eq.1,and(id.gt.2,title.like.C*)'), [1, 3]],
  [(q) => q.or('id.eq.1,id.eq.2').or('id.eq.2,id.eq.3'), [2]],
  [(q) => q.filter('id', 'in', '(1,2)'), [1, 2]],
  [(q) => q.filter('id', 'eq(any)', '{1,2}'), [1, 2]],
  [(q) => q.limit(2), [1, 2]],
  [(q) => q.range(1, 2), [2, 3]],
]

for (const [filter, expected] of FILTERS) {
  test(String(filter), async () => assert.deepEqual(await ids(filter(books())), expected))
}

test('embedded tables', async () => {
  const query = () => pg.from('books').select('id,copies(shelf)').eq('id', 1)
  const last = query().order('shelf', { referencedTable: 'copies', ascending: false })
  assert.deepEqual(await rows(last.limit(1, { referencedTable: 'copies' })), [{ id: 1, copies: [{ shelf: 'A2' }] }])
  const first = query().order('shelf', { referencedTable: 'copies' }).range(0, 0, { referencedTable: 'copies' })
  assert.deepEqual(await rows(first), [{ id: 1, copies: [{ shelf: 'A1' }] }])
  const chosen = query().or('shelf.eq.A1', { referencedTable: 'copies' })
  assert.deepEqual(await rows(chosen), [{ id: 1, copies: [{ shelf: 'A1' }] }])
  const ordered = pg.from('copies').select('id,book(title)').order('book(title)').order('id')
  assert.deepEqual(await ids(ordered), [3, 1, 2])
})

test('shapes of answers', async () => {
  assert.deepEqual(await rows(books().eq('id', 1).single()), { id: 1 })
  assert.deepEqual(await rows(books().eq('id', 1).maybeSingle()), { id: 1 })
  assert.equal(await rows(books().eq('id', 99).maybeSingle()), null)
  const several = await books().single()
  assert.deepEqual([several.status, several.error.code], [406, 'PGRST116'])
  assert.equal(await rows(books('id,title').limit(1).csv()), 'id,title\n1,Engines\n')
  assert.ok(!('details' in (await rows(books('*').eq('id', 3).stripNulls()))[0]))
  assert.match(await rows(books().explain({ analyze: true })), /cost/)
  assert.ok((await rows(books().explain({ format: 'json' })))[0].Plan)
  assert.equal((await books().geojson()).status, 406)
  assert.deepEqual(await ids(books().rollback().retry(false).setHeader('X-A', '1')), [1, 2, 3])
  assert.deepEqual(await ids(books().abortSignal(new AbortController().signal)), [1, 2, 3])
  assert.deepEqual(await ids(books().maxAffected(3).overrideTypes().returns()), [1, 2, 3])
  await assert.rejects(async () => await pg.from('nowhere').select().throwOnError(), /nowhere/)
})

test('conditional reads', async () => {
  const response = await fetch(`${process.env.LIBRARY_URL}/books?id=eq.1`, { headers: { Authorization: 'Bearer demo-north' } })
  const tag = response.headers.get('etag')
  assert.equal((await pg.from('books').select().eq('id', 1).setHeader('If-None-Match', tag)).status, 304)
})

test('writes', async () => {
  const made = await pg.from('authors').insert({ name: 'js', born: '2000-01-01' }).select().single()
  assert.equal(made.status, 201)
  const several = await pg.from('authors').insert([{ name: 'js' }, { name: 'js', born: null }], { count: 'exact' })
  assert.deepEqual([several.status, several.count, several.data], [201, 2, null])
  const book = { title: 'js', isbn: 'js' }
  const defaulted = pg.from('books').insert([book], { defaultToNull: false }).select('pages')
  assert.deepEqual(await rows(defaulted), [{ pages: 100 }])
  const merged = pg.from('books').upsert({ ...book, title: 'js2' }, { onConflict: 'isbn' }).select('title')
  assert.deepEqual(await rows(merged), [{ title: 'js2' }])
  const ignored = pg.from('books').upsert([book], { onConflict: 'isbn', ignoreDuplicates: true }).select('title')
  assert.deepEqual(await rows(ignored), [])
  const changed = await pg.from('authors').update({ name: 'js2' }, { count: 'exact' }).eq('id', made.data.id).select('name')
  assert.deepEqual([changed.count, changed.data], [1, [{ name: 'js2' }]])
  const most = await pg.from('authors').update({ name: 'js3' }).gt('id', 100).maxAffected(1)
  assert.equal(most.error.code, 'PGRST124')
  const undone = pg.from('authors').insert({ name: 'undone' }).rollback()
  assert.equal((await undone).status, 201)
  assert.deepEqual(await rows(pg.from('authors').select().eq('name', 'undone')), [])
  assert.equal((await pg.from('authors').delete({ count: 'exact' }).gt('id', 100)).count, 3)
  assert.deepEqual(await rows(pg.from('books').delete().eq('isbn', 'js').select('title')), [{ title: 'js2' }])
})

test('what is refused', async () => {
  const refused = [
    [pg.from('authors').delete().match({ id: undefined }), 400, 'KIT400'],
    [pg.from('authors').update({ name: 'x' }), 400, 'KIT400'],
    [pg.from('nowhere').select(), 404, 'PGRST205'],
    [pg.from('authors').select('nothing'), 400, '42703'],
    [pg.from('authors').insert({ nothing: 1 }), 400, 'PGRST204'],
    [pg.from('authors').insert('x'), 400, 'PGRST102'],
    [pg.from('books').insert({ title: 'x', isbn: '1' }), 409, '23505'],
    [pg.rpc('nothing'), 404, 'PGRST202'],
    [pg.schema('other').from('books').select(), 406, 'PGRST106'],
  ]
  for (const [query, status, code] of refused) {
    const answer = await query
    assert.deepEqual([answer.success, answer.status, answer.error.code], [false, status, code])
    assert.ok(answer.error.message)
  }
})

test('calls', async () => {
  assert.equal(await rows(pg.rpc('add', { a: 1, b: 2 })), 3)
  assert.equal(await rows(pg.rpc('add', { a: 1, b: 2 }, { get: true })), 3)
  assert.equal((await pg.rpc('overdue', {}, { count: 'exact' })).count, 0)
  assert.equal((await pg.rpc('overdue', {}, { head: true, count: 'exact' })).count, 0)
  assert.deepEqual(await rows(pg.rpc('overdue').select('uid, due').eq('member_id', 1).order('due').limit(3)), [])
  assert.deepEqual(await rows(pg.schema('public').rpc('overdue', {}, { get: true }).range(0, 9)), [])
})

test('a base URL that ends with a slash', async () => {
  const other = new PostgrestClient(`${process.env.LIBRARY_URL}/`, { headers: { Authorization: 'Bearer demo-north' } })
  assert.equal((await other.from('books').select().eq('id', 1)).status, 200)
})

test('no method is left out', () => {
  const used = new Set(readFileSync(new URL(import.meta.url), 'utf8').match(/\w+/g))
  const inner = new Set(['constructor', 'then', 'cloneRequestState', 'processResponse'])
  const builders = [pg, pg.from('x'), pg.from('x').select(), pg.rpc('x'), pg.from('x').insert({})]
  for (const builder of builders) {
    for (let kind = Object.getPrototypeOf(builder); kind && kind !== Object.prototype; kind = Object.getPrototypeOf(kind)) {
      for (const name of Object.getOwnPropertyNames(kind)) {
        assert.ok(inner.has(name) || name.startsWith('_') || used.has(name), name)
      }
    }
  }
})
