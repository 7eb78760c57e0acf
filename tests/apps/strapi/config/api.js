module.exports = { rest: {} };
