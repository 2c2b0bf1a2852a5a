import assert from "node:assert/strict";
import { test } from "node:test";
import { isMeant, versionAt } from "../../static/mlflow/route.js";

const at = (address) => versionAt(new URL(address, "http://mlflow.example.com"));

const versions = [
  ["/#/models/iris/versions/1", "iris", "1"],
  ["/#/models/iris/versions/12/", "iris", "12"],
  ["/ml/#/models/iris/versions/1", "iris", "1"],
  ["/models/iris/versions/1", "iris", "1"],
  ["/ml/models/iris/versions/1", "iris", "1"],
  ["/models/iris/versions/1#description", "iris", "1"],
  ["/#/models/sums%20of%20two/versions/3", "sums of two", "3"],
  ["/#/models/sums of two/versions/3", "sums of two", "3"],
  ["/#/models/a%2Fb/versions/3", "a/b", "3"],
  ["/#/models/100%25%20sure/versions/3", "100% sure", "3"],
  ["/#/models/100%2525/versions/3", "100%25", "3"],
  ["/#/models/%3Cimg%20src%3Dx%3E%22'/versions/1", "<img src=x>\"'", "1"],
  ["/#/models/a%22b'c%60d%23e%3Ff%3Bg%2Bh%5Ci/versions/1", "a\"b'c`d#e?f;g+h\\i", "1"],
  ["/#/models/鸢尾花/versions/2", "鸢尾花", "2"],
  ["/#/models/%E9%B8%A2%E5%B0%BE%E8%8A%B1/versions/2", "鸢尾花", "2"],
  ["/#/models/versions/versions/2", "versions", "2"],
];

for (const [address, model, version] of versions) {
  test(`${address} shows version ${version} of ${model}`, () => {
    assert.deepEqual(at(address), { model, version, workspace: null });
  });
}

test("a workspace stands in the fragment's query, or in the path's", () => {
  assert.equal(at("/#/models/iris/versions/1?workspace=team%20a").workspace, "team a");
  assert.equal(at("/models/iris/versions/1?workspace=team").workspace, "team");
  assert.equal(at("/?workspace=other#/models/iris/versions/1").workspace, null);
});

const others = [
  "/", "/#/", "/#/models", "/#/models/iris", "/#/models/iris/versions", "/#/models/iris/versions/", "/#/models/iris/versions/x",
  "/#/models/iris/versions/1/more", "/#/models/iris/versions/-1", "/#/models//versions/1", "/#/models/%/versions/1",
  "/#/models/%E9/versions/1", "/#/experiments/0/runs/1", "/#/experiments/0/models/m-1", "/#/compare-model-versions?name=iris",
  "/#/prompts/iris/versions/1", "/models/iris/versions/1#/experiments", "/#/supermodels/iris/versions/1",
];

for (const address of others) test(`${address} shows none`, () => assert.equal(at(address), null));

// As Sources/Accounts/Caller.swift has it.
const patterns = [
  ["churn", "churn", true], ["churn", "churned", false], ["fraud-*", "fraud-eu", true], ["fraud-*", "a fraud-eu", false],
  ["*", "", true], ["*-eu", "fraud-eu", true], ["a*b*c", "a b b c", true], ["a*b*c", "acb", false], ["a.c", "abc", false],
  ["a*a", "a", false], ["*\n*", "two\nlines", true], ["(a|b)*", "(a|b)c", true], ["鸢*花", "鸢尾花", true], ["A", "a", false],
];

for (const [pattern, name, isOne] of patterns) {
  test(`${JSON.stringify(name)} is ${isOne ? "" : "none "}of ${JSON.stringify(pattern)}`, () => {
    assert.equal(isMeant([pattern], name), isOne);
  });
}

test("one pattern of several is enough, and none is none", () => {
  assert.ok(isMeant(["churn", "fraud-*"], "fraud-eu"));
  assert.ok(!isMeant([], "fraud-eu"));
});
